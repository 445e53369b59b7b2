// Writes a file that a command was asked for, so that it is either whole or as it was before.
import { rename, rm, writeFile } from 'node:fs/promises';
import { UserError } from '../errors.ts';

/** The name under which a file is written before it is whole. */
export function partialName(path: string): string {
  return `${path}.partial`;
}

/** Writes the whole file under another name, and renames it. Throws a UserError that names the file. */
export async function writeWholeFile(path: string, content: string): Promise<void> {
  const partial = partialName(path);
  try {
    await writeFile(partial, content);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new UserError(`writing ${JSON.stringify(path)} failed`, { cause });
  }
}
