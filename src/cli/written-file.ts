// Writes a file that a command was asked for, so that it is either whole or as it was before.
import { open, rename, rm } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { inLargeParts } from './table.ts';

/** The name under which a file is written before it is whole. */
export function partialName(path: string): string {
  return `${path}.partial`;
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
