// Reads the files of a build that contain a version (params.version_file) or list tags (params.additional_tags).
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
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

/**
 * The content of a file in UTF-8, without a byte-order mark at its start. Throws a UserError for what is not a regular
 * file, for more than `limit` bytes, and for UTF-16, which some shells of Windows write.
 */
async function readTextFile(path: string, limit: number): Promise<string> {
  // Without O_NONBLOCK, opening a FIFO that has no writer would block.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) {
    throw new UserError('it is not a regular file');
  }
  const buffer = Buffer.alloc(limit + 1);
  let size = 0;
  for (let bytesRead = -1; bytesRead !== 0 && size < buffer.length; size += bytesRead) {
    ({ bytesRead } = await file.read(buffer, size, buffer.length - size));
  }
  if (size > limit) {
    throw new UserError(`it has more than ${limit} bytes`);
  }
  const content = buffer.subarray(0, size);
  if (['feff', 'fffe'].includes(content.subarray(0, 2).toString('hex'))) {
    throw new UserError('it is UTF-16, not UTF-8');
  }
  return new TextDecoder().decode(content);
}
