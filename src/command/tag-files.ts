// Reads the files of a build that contain a version (params.version_file) or list tags (params.additional_tags).
import { join } from 'node:path';
import { readTextFile } from '../disk/text-file.ts';
import { UserError } from '../errors.ts';
import { maximumTagFile, maximumVersionFile } from '../limits.ts';
import type { Log } from '../log.ts';
import { requireVersion, type TagVersion } from '../policy/tag-version.ts';
import { splitFields, trimSpace } from '../policy/white-space.ts';

/**
 * The tags in the file of `params.additional_tags`, separated by white space; none when `path` is empty. A file without
 * a tag is a warning. Throws a UserError that names a file that cannot be read.
 */
export async function readAdditionalTags(directory: string, path: string, log: Log): Promise<string[]> {
  if (path === '') {
    return [];
  }
  const file = join(directory, path);
  try {
    const tags = splitFields(await readTextFile(file, maximumTagFile));
    if (tags.length === 0) {
      log.warn(`the file ${JSON.stringify(file)} of params.additional_tags lists no tag`);
    }
    return tags;
  } catch (cause) {
    throw new UserError(`could not parse additional tags: reading ${JSON.stringify(file)}`, {
      cause,
      hint: 'params.additional_tags is the path of a file in the artifacts of the build',
    });
  }
}

/**
 * The version in the file of `params.version_file`, which may have white space around it; undefined when `path` is empty.
 * Throws a UserError that names a file that cannot be read or contains something else.
 */
export async function readVersionFile(directory: string, path: string): Promise<TagVersion | undefined> {
  if (path === '') {
    return undefined;
  }
  const file = join(directory, path);
  const hint =
    'params.version_file is the path of a file in the artifacts of the build that contains a version';
  let content: string;
  try {
    content = trimSpace(await readTextFile(file, maximumVersionFile));
  } catch (cause) {
    throw new UserError(`could not read the version: reading ${JSON.stringify(file)}`, { cause, hint });
  }
  if (content === '') {
    throw new UserError(`could not read the version: ${JSON.stringify(file)} is empty`, { hint });
  }
  try {
    return requireVersion(content);
  } catch (cause) {
    throw new UserError(`could not read the version in ${JSON.stringify(file)}`, { cause });
  }
}
