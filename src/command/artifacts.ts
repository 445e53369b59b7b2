// The directory argument of in and out, and the files of tags and versions in it.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { maximumVersionFile } from '../limits.ts';
import { splitFields } from '../policy/tags-to-push.ts';
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

/** The tags in the file of `params.additional_tags`; none when `path` is empty. Throws a UserError for a file that cannot be read. */
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

/** The version in the file of `params.version_file`, trimmed; empty when `path` is. Throws a UserError for a file without one. */
export async function readVersionFile(directory: string, path: string): Promise<string> {
  if (path === '') {
    return '';
  }
  const file = join(directory, path);
  const hint = 'params.version_file is the path of a file in the artifacts of the build that holds a version';
  let content: string;
  try {
    const { size } = await stat(file);
    if (size > maximumVersionFile) {
      throw new UserError(`it has ${size} bytes, too many for a version`);
    }
    content = await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError(`could not read the version: reading ${JSON.stringify(file)}`, { cause, hint });
  }
  const version = content.trim();
  if (version === '') {
    throw new UserError(`could not read the version: ${JSON.stringify(file)} is empty`, { hint });
  }
  return version;
}
