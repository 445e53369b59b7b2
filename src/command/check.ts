// The check command: lists the versions of an image.
import { openAccess } from '../access/access.ts';
import { askMirrors } from '../access/ask-mirrors.ts';
import { type RepositoryAccess, sourceRepositories } from '../access/repositories.ts';
import { UserError } from '../errors.ts';
import { effectivePlatform } from '../oci/platform.ts';
import { repositoryName, tagReference } from '../oci/reference.ts';
import type { Version } from '../policy/select-tag.ts';
import { openLog } from '../process/command-log.ts';
import type { Command } from '../process/surroundings.ts';
import { decodeCheckRequest } from '../request/request.ts';
import { versionFinder } from './find-versions.ts';
import { checkResponse } from './response.ts';
import { versionFilter } from './verified-versions.ts';

/** Returns the versions that the source selects, oldest first. Mirrors are tried before the origin. */
export const runCheck: Command = async (surroundings) => {
  const request = decodeCheckRequest(await surroundings.readInput());
  const { clock, signal } = surroundings;
  const log = openLog(surroundings, request);
  const platform = effectivePlatform(request.source.platform, undefined, surroundings.platform);
  const find = versionFinder(request.source, platform, log);
  const keepVerified = await versionFilter(request.source.verify, { clock, log, signal });
  const access = openAccess(request.source, 'check', surroundings, log);
  const logIn = sourceRepositories(request.source, access);

  const findOn = (registry: RepositoryAccess, origin: RepositoryAccess): Promise<Version[]> =>
    registry.attempt('pull', async (session) =>
      keepVerified(session, await find(session, request.version), origin),
    );

  try {
    const { origin, mirrors } = await logIn();
    const mirrored = await askMirrors(mirrors, { attempt: 'checking', log, signal }, async (mirror) => {
      const versions = await findOn(mirror, origin);
      if (versions.length > 0) {
        return versions;
      }
      log.warn(`mirror ${repositoryName(mirror.repository)} has no version of the image`);
      return undefined;
    });
    if (mirrored) {
      return { output: checkResponse(mirrored), code: 0 };
    }
    const versions = await findOn(origin, origin).catch((cause: unknown) => {
      throw new UserError(`checking origin ${repositoryName(origin.repository)} failed`, { cause });
    });
    if (versions.length === 0 && request.source.tag !== '') {
      log.warn(
        `${tagReference(origin.repository, request.source.tag)} does not exist (yet): there is no version`,
      );
    }
    return { output: checkResponse(versions), code: 0 };
  } finally {
    await access.close();
  }
};
