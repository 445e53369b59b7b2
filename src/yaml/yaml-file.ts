// Reads a YAML file: a regular file of a limited size in UTF-8.
import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemReason, UserError } from '../errors.ts';
import { maximumYamlFile } from '../limits.ts';
import { parseYaml } from './parse-yaml.ts';
import type { YamlError, YamlReading } from './yaml-node.ts';

/**
 * What is in a YAML file. That it cannot be read is one of the errors too: it does not exist, may not be read, is no regular
 * file (a directory, a named pipe, a device) or is larger than {@link maximumYamlFile}. Symbolic links are followed.
 */
export async function readYamlFile(path: string): Promise<YamlReading> {
  const file = await readUtf8File(path);
  return 'error' in file ? unusable(file.error) : await parseYaml(file.text);
}

/** The text of a file, or why it cannot be read: as {@link readYamlFile}, without reading YAML. */
export async function readUtf8File(
  path: string,
): Promise<{ readonly text: string } | { readonly error: YamlError }> {
  try {
    const bytes = await readBounded(path);
    return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { error: invalidByte(bytes) };
  } catch (error) {
    return { error: { line: 1, message: `the file cannot be read: ${systemReason(error)}` } };
  }
}

async function readBounded(path: string): Promise<Buffer> {
  // Opening a named pipe would wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await readRegular(file);
  } finally {
    await file.close();
  }
}

async function readRegular(file: FileHandle): Promise<Buffer> {
  const status = await file.stat();
  if (!status.isFile()) {
    throw new UserError(status.isDirectory() ? 'it is a directory' : 'it is not a regular file');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  // A buffer of one byte more than the file has shows the end of the file in the same read.
  for (let space = Math.min(status.size, maximumYamlFile) + 1; ; space = 65_536) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(space), 0, space);
    chunks.push(buffer.subarray(0, bytesRead));
    size += bytesRead;
    if (size > maximumYamlFile) {
      throw new UserError(`it has more than the limit of ${maximumYamlFile} bytes`);
    }
    if (bytesRead < space) {
      return Buffer.concat(chunks, size);
    }
  }
}

function invalidByte(bytes: Buffer): YamlError {
  const before = bytes.toString('utf8').split('\ufffd', 1)[0] ?? '';
  const line = before.split('\n').length;
  return { line, column: before.length - before.lastIndexOf('\n'), message: 'the file is not in UTF-8' };
}

function unusable(error: YamlError): YamlReading {
  return { root: { kind: 'empty', line: 1 }, errors: [error] };
}
