// The directory argument of in and out.
import { stat } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import type { Surroundings } from '../process/surroundings.ts';

/** The directory argument of a command; throws a UserError when it is missing or not a directory. */
export async function requireDirectory(surroundings: Surroundings): Promise<string> {
  const [directory] = surroundings.arguments;
  if (directory === undefined || directory === '') {
    throw new UserError('destination path not specified', {
      hint: 'in and out take one argument: a directory',
    });
  }
  let found: { isDirectory(): boolean };
  try {
    found = await stat(directory);
  } catch (cause) {
    throw new UserError(`the directory ${JSON.stringify(directory)} cannot be used`, { cause });
  }
  if (!found.isDirectory()) {
    throw new UserError(`${JSON.stringify(directory)} is not a directory`);
  }
  return directory;
}
