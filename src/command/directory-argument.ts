// The directory argument of in and out.
import { mkdir, stat } from 'node:fs/promises';
import { errorCode, UserError } from '../errors.ts';
import type { Surroundings } from '../process/surroundings.ts';

/** The directory argument of a command; throws a UserError when it is missing. Does not look at the file system. */
export function directoryArgument(surroundings: Surroundings): string {
  const [directory] = surroundings.arguments;
  if (directory === undefined || directory === '') {
    throw new UserError('destination path not specified', {
      hint: 'in and out take one argument, a directory: see --help',
    });
  }
  return directory;
}

/** Throws a UserError unless there is a directory at the path. */
export async function requireDirectory(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new UserError(`the directory ${JSON.stringify(path)} cannot be used`, { cause });
  });
  if (!found.isDirectory()) {
    throw new UserError(`${JSON.stringify(path)} is not a directory`);
  }
}

/** Creates a directory, and those above it, if there is none. Throws a UserError when that fails. */
export async function createDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') {
      throw new UserError(`${JSON.stringify(path)} is not a directory`);
    }
    throw new UserError(`the directory ${JSON.stringify(path)} cannot be created`, { cause });
  }
}
