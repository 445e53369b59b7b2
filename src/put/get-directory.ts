// The directory that a get wrote, as the name of an image: its files `repository` and `digest`.
import { join } from 'node:path';
import { readTextFile } from '../disk/text-file.ts';
import { UserError } from '../errors.ts';
import { maximumVersionFile } from '../limits.ts';
import { type ImageReference, parseReference } from '../policy/image-reference.ts';

/** The image that a get fetched into a directory of the build. Throws a UserError when it is not one. */
export async function readGetDirectory(artifacts: string, directory: string): Promise<ImageReference> {
  const path = join(artifacts, directory);
  try {
    const [repository = '', digest = ''] = await Promise.all(
      ['repository', 'digest'].map((name) => readTextFile(join(path, name), maximumVersionFile)),
    );
    return parseReference(`${repository.trim()}@${digest.trim()}`, `the image of ${JSON.stringify(path)}`);
  } catch (cause) {
    throw new UserError(`${JSON.stringify(path)} is not the directory of a get`, {
      cause,
      hint: 'a get writes the files repository and digest into it; name it as in the plan: {get: base}',
    });
  }
}
