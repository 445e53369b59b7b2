// The directory that Concourse hands to a get or a put.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { splitFields } from '../policy/tags-to-push.ts';
import type { Surroundings } from '../process/surroundings.ts';

/** The directory that a command was given; a UserError when there is none. */
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
    throw new UserError(`the directory ${JSON.stringify(directory)} can't be used`, { cause });
  }
  if (!found.isDirectory()) {
    throw new UserError(`${JSON.stringify(directory)} is not a directory`);
  }
  return directory;
}

/** The tags that the file of `params.additional_tags` lists; none without such a file. */
export async function readAdditionalTags(directory: string, path: string): Promise<string[]> {
  if (path === '') {
    return [];
  }
  const file = join(directory, path);
  try {
    return splitFields(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new UserError(`could not parse additional tags: reading ${JSON.stringify(file)}`, {
      cause,
      hint: 'params.additional_tags is the path of a file in the artifacts of the build',
    });
  }
}

/** The longest file that may hold a version, in bytes. */
const versionLimit = 4096;

/** The version in the file of `params.version_file`, without the white space around it; empty without such a file. */
export async function readVersionFile(directory: string, path: string): Promise<string> {
  if (path === '') {
    return '';
  }
  const file = join(directory, path);
  const hint = 'params.version_file is the path of a file in the artifacts of the build that holds a version';
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > versionLimit) {
      throw new UserError(`it has ${size} bytes, too many for a version`);
    }
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError(`could not read the version: reading ${JSON.stringify(file)}`, { cause, hint });
  }
  const version = text.trim();
  if (version === '') {
    throw new UserError(`could not read the version: ${JSON.stringify(file)} is empty`, { hint });
  }
  return version;
}
