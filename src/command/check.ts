// check: which versions of the image exist?
import { errorText, UserError } from '../errors.ts';
import { repositoryText } from '../oci/reference.ts';
import { effectivePlatform } from '../policy/effective-platform.ts';
import type { TagAndDigest } from '../policy/select-tag.ts';
import { checkAnswer } from './answer.ts';
import { openLog } from './command-log.ts';
import { versionFinder } from './find-versions.ts';
import { type OpenRepository, openRepositories } from './open-repository.ts';
import { decodeCheckRequest } from './request.ts';
import type { Command } from './surroundings.ts';

/** Answers the versions that the source asks for, oldest first; a mirror is asked before the origin. */
export const runCheck: Command = async (surroundings) => {
  const request = decodeCheckRequest(await surroundings.readInput());
  const log = openLog(surroundings, request);
  const platform = effectivePlatform(request.source.platform, undefined, surroundings.platform);
  const find = versionFinder(request.source, platform, log);
  const { origin, mirror, close } = openRepositories(request.source, 'check', surroundings, log);

  const ask = ({ persistence, open }: OpenRepository): Promise<TagAndDigest[]> =>
    persistence.attempt(async () => find(await open('pull'), request.version));

  try {
    if (mirror) {
      const versions = await ask(mirror).catch((error: unknown) => {
        log.warn(`checking mirror ${repositoryText(mirror.repository)} failed: ${errorText(error)}`);
        return undefined;
      });
      if (versions && versions.length > 0) {
        return checkAnswer(versions);
      }
      if (versions) {
        log.warn(
          `mirror ${repositoryText(mirror.repository)} has no version of the image; asking the origin`,
        );
      }
    }
    const versions = await ask(origin).catch((cause: unknown) => {
      throw new UserError(`checking origin ${repositoryText(origin.repository)} failed`, { cause });
    });
    return checkAnswer(versions);
  } finally {
    await close();
  }
};
