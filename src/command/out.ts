// out: publish an image under the tags that a version asks for.
import { tmpdir } from 'node:os';
import { findImage } from '../disk/glob.ts';
import { openImage } from '../disk/open-image.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { aliasesFor, possibleAliases } from '../policy/bump-aliases.ts';
import { requireVersion, type TagVersion } from '../policy/tag-version.ts';
import { type TagWishes, tagsToPush, uniqueTags } from '../policy/tags-to-push.ts';
import { isMissing } from '../registry/manifest-endpoint.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import { listTags } from '../registry/tag-list.ts';
import { copy } from '../transfer/copy.ts';
import type { Session } from '../transport/session.ts';
import { outAnswer } from './answer.ts';
import { readAdditionalTags, requireDirectory } from './artifacts.ts';
import { openLog } from './command-log.ts';
import { openRepositories } from './open-repository.ts';
import { decodeOutRequest, type OutRequest } from './request.ts';
import type { Command } from './surroundings.ts';

/** How many blobs and manifests travel at a time, as upstream does. */
const uploadConcurrency = 4;

/** Pushes the one image that the glob finds; answers the first tag with the pushed digest. */
export const runOut: Command = async (surroundings) => {
  const request = decodeOutRequest(await surroundings.readInput());
  const log = openLog(surroundings, request);
  const directory = await requireDirectory(surroundings);
  const { origin, close } = openRepositories(request.source, 'out', surroundings, log);
  const version = request.params.version === '' ? undefined : requireVersion(request.params.version);
  const bumped = request.params.bumpAliases ? version : undefined;
  const wishes = await readWishes(request, directory, version);
  // With every alias that the registry may allow, so that a tag no registry can have is told before any traffic.
  tagsToPush({ ...wishes, aliases: bumped ? possibleAliases(bumped, wishes.variant) : [] });
  const path = await findImage(directory, request.params.image);
  const image = await openImage(path, { temporaryDirectory: tmpdir() });
  try {
    const session = await origin.persistence.attempt(() => origin.open('push,pull'));
    const aliases =
      bumped?.prerelease === '' ? aliasesFor(bumped, wishes.variant, await existingTags(session)) : [];
    const tags = tagsToPush({ ...wishes, aliases });
    log.info(`pushing tag(s) ${tags.join(', ')}`);
    const root = await push(() =>
      copy(image, repositoryTarget(session, log), uniqueTags(tags), { concurrency: uploadConcurrency, log }),
    );
    log.info('pushed');
    return outAnswer(request.source.repository, tags, root.digest);
  } finally {
    await image.close();
    await close();
  }
};

async function readWishes(
  { source, params }: OutRequest,
  directory: string,
  version: TagVersion | undefined,
): Promise<Omit<TagWishes, 'aliases'>> {
  const { tag, variant } = source;
  const additionalTags = await readAdditionalTags(directory, params.additionalTags);
  return { tag, version, variant, additionalTags, tagPrefix: params.tagPrefix };
}

/** The tags of the repository; a repository that the registry does not know yet has none. */
async function existingTags(session: Session): Promise<string[]> {
  try {
    return await listTags(session);
  } catch (cause) {
    // Harbor says NOT_FOUND, most others NAME_UNKNOWN, some give no reason at all.
    if (isMissing(cause) && ['NAME_UNKNOWN', 'NOT_FOUND', undefined].includes(cause.codes[0])) {
      return [];
    }
    throw new UserError('determine aliases: list repository tags', { cause });
  }
}

async function push(copying: () => Promise<Descriptor>): Promise<Descriptor> {
  try {
    return await copying();
  } catch (cause) {
    throw new UserError('pushing image failed', { cause });
  }
}
