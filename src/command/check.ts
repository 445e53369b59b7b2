// check: which versions of the image exist?
import { UserError } from '../errors.ts';
import { repositoryText, tagText } from '../oci/reference.ts';
import { effectivePlatform } from '../policy/effective-platform.ts';
import type { TagAndDigest } from '../policy/select-tag.ts';
import { checkAnswer } from './answer.ts';
import { askMirrors } from './ask-mirrors.ts';
import { openLog } from './command-log.ts';
import { versionFinder } from './find-versions.ts';
import { type OpenRepository, openRepositories } from './open-repository.ts';
import { decodeCheckRequest } from './request.ts';
import type { Command } from './surroundings.ts';

/** Answers the versions that the source asks for, oldest first; mirrors are asked before the origin. */
export const runCheck: Command = async (surroundings) => {
  const request = decodeCheckRequest(await surroundings.readInput());
  const log = openLog(surroundings, request);
  const platform = effectivePlatform(request.source.platform, undefined, surroundings.platform);
  const find = versionFinder(request.source, platform, log);
  const { resolve, close } = openRepositories(request.source, 'check', surroundings, log);

  const ask = ({ persistence, open }: OpenRepository): Promise<TagAndDigest[]> =>
    persistence.attempt(async () => find(await open('pull'), request.version));

  try {
    const { origin, mirrors } = await resolve();
    const mirrored = await askMirrors(mirrors, 'checking', log, async (mirror) => {
      const versions = await ask(mirror);
      if (versions.length > 0) {
        return versions;
      }
      log.warn(`mirror ${repositoryText(mirror.repository)} has no version of the image`);
      return undefined;
    });
    if (mirrored) {
      return checkAnswer(mirrored);
    }
    const versions = await ask(origin).catch((cause: unknown) => {
      throw new UserError(`checking origin ${repositoryText(origin.repository)} failed`, { cause });
    });
    if (versions.length === 0 && request.source.tag !== '') {
      log.warn(`${tagText(origin.repository, request.source.tag)} does not exist (yet): there is no version`);
    }
    return checkAnswer(versions);
  } finally {
    await close();
  }
};
