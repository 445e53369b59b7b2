// Writes a file that a command was asked for, so that it is either whole or as it was before.
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { inLargeParts } from './table.ts';

/**
 * Throws a UserError that begins with the option when its file cannot be written: it is a directory, or a file cannot be
 * made beside it. What is there is left as it is. Asked before any request, since the file is written after them.
 */
export async function requireWritable(path: string, option: string): Promise<void> {
  const status = await stat(path).catch(() => undefined);
  if (status?.isDirectory()) {
    throw new UserError(`${option} is a directory`, { hint: 'name a file' });
  }
  const partial = partialName(path);
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

/** Writes all parts to a file of another name, and renames it. Throws a UserError that names the file. */
export async function writeWholeFile(path: string, parts: Iterable<string>): Promise<void> {
  const partial = partialName(path);
  try {
    await writeParts(partial, parts);
    await rename(partial, path);
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
