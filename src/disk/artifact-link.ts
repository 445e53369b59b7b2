// Links among the artifacts of a build: what is published has to be an artifact, wherever its name leads.
import { realpath } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { cleanPath } from './clean-path.ts';

/**
 * A link that an earlier step has left may lead anywhere in the container. Throws a UserError for a path below the directory of
 * the artifacts that leads out of it; one that is named elsewhere, or does not exist, is not looked at.
 */
export async function refuseLinkOutside(sourceDirectory: string, path: string): Promise<void> {
  const isBelow = (directory: string, child: string) =>
    child === directory || child.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
  if (isBelow(cleanPath(sourceDirectory), path)) {
    const [directory, target] = await Promise.all(
      [sourceDirectory, path].map((each) => realpath(each)),
    ).catch(() => []);
    if (directory !== undefined && target !== undefined && !isBelow(directory, target)) {
      throw new UserError(
        `${path} is a link to ${target}, which is not below the directory of the artifacts`,
      );
    }
  }
}
