// Writes a file that a command was asked for, so that it is either whole or as it was before.
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { inLargeParts } from './table.ts';

/**
 * Throws a UserError that begins with the option when its file cannot be written: it is a directory, a device or a pipe, which
 * would be replaced, or a file cannot be made beside it. What is there is left as it is. Asked before any request, since the
 * file is written after them.
 */
export async function requireWritable(path: string, option: string): Promise<void> {
  const status = await stat(path).catch(() => undefined);
  if (status?.isDirectory()) {
    throw new UserError(`${option} is a directory`, { hint: 'name a file' });
  }
  if (isStream(path) || (status && !status.isFile())) {
    throw new UserError(`${option} is no regular file`, {
      hint: 'name a file: it is written beside what is there, and replaces it when it is whole',
    });
  }
  const partial = partialName(await withoutLinks(path));
  try {
    await (await open(partial, 'w')).close();
    await rm(partial);
  } catch (cause) {
    throw new UserError(`${option} cannot be written`, {
      cause,
      hint: `the directory ${JSON.stringify(dirname(path))} must exist and be writable`,
    });
  }
}

/**
 * Writes all parts to a file of another name, and renames it. A symbolic link to a file stays one. Throws a UserError that
 * names the file.
 */
export async function writeWholeFile(path: string, parts: Iterable<string>): Promise<void> {
  const place = await withoutLinks(path);
  const partial = partialName(place);
  try {
    await writeParts(partial, parts);
    await rename(partial, place);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new UserError(`writing ${JSON.stringify(path)} failed`, { cause });
  }
}

async function writeParts(path: string, parts: Iterable<string>): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const part of inLargeParts(parts)) {
      await file.writeFile(part);
    }
  } finally {
    await file.close();
  }
}

/** The name under which a file is written before it is whole. */
function partialName(path: string): string {
  return `${path}.partial`;
}

/** Whether the name stands for what the process has open, which may be a file: the answer would be written over it. */
function isStream(path: string): boolean {
  return /^\/(dev\/(std(in|out|err)|fd\/)|proc\/)/.test(resolve(path));
}

/** Where the file really is, or is going to be; the path itself where that cannot be found out. */
async function withoutLinks(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}
