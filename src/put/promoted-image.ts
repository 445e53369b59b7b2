// An image that a put takes from another repository (`from`): resolved to one digest once, then copied byte for byte.
import { assembledIndex } from '../content/assembled-index.ts';
import { contentKind } from '../content/content-graph.ts';
import { graphSource } from '../content/graph-source.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseIndex } from '../oci/image-index.ts';
import { formatPlatform, offeredPlatforms, platformMatches, type WantedPlatform } from '../oci/platform.ts';
import { repositoryName } from '../oci/reference.ts';
import type { ImageReference } from '../policy/image-reference.ts';
import { attachmentFinder } from '../promotion/attachments.ts';
import { bringAttachments } from '../promotion/bring-attachments.ts';
import { type ReadImage, readRegistryImage } from '../registry/registry-image.ts';
import { repositoryReader } from '../registry/repository-reader.ts';
import type { PutImage, PutReference } from '../request/put-image.ts';
import type { LoginKeys } from '../request/source.ts';
import { readGetDirectory } from './get-directory.ts';
import type { PreparedImage, PutSurroundings } from './opened-image.ts';

/** An image on a registry, and the log-in that its param states. */
export interface NamedImage {
  readonly reference: ImageReference;
  readonly login: LoginKeys | undefined;
}

/** What a param names. Reads the files of a get; throws a UserError when they are not there. */
export async function resolveReference(
  from: PutReference,
  { directory }: PutSurroundings,
): Promise<NamedImage> {
  return from.kind === 'get'
    ? { reference: await readGetDirectory(directory, from.directory), login: undefined }
    : { reference: from.reference, login: from.login };
}

/** Prepares `from`. */
export async function openPromoted(
  { from, platforms }: Extract<PutImage, { kind: 'from' }>,
  referrers: boolean | readonly string[],
  surroundings: PutSurroundings,
): Promise<PreparedImage> {
  const { reference, login } = await resolveReference(from, surroundings);
  return {
    async open(origin) {
      const session = await surroundings.reader(reference.repository, login, origin, 'pull');
      const { digest, tag } = reference;
      const name = repositoryName(session.repository);
      const image = await readRegistryImage(session, digest ?? tag ?? '').catch((cause: unknown) => {
        throw new UserError(`reading ${name} of params.from`, { cause });
      });
      const verified = await surroundings.verify?.(session, image.root.descriptor.digest);
      const { root, bytes, source } = platforms.length === 0 ? image : keepPlatforms(image, platforms);
      surroundings.log.info(`promoting ${name}@${root.descriptor.digest}`);
      return {
        source,
        verified,
        from: {
          repository: session.repository,
          deleter: () => surroundings.reader(reference.repository, login, origin, 'delete,push,pull'),
        },
        async bringAttachments(target, options) {
          const onMissing = (tag: string) => options.on({ type: 'attachment-missing', name, tag });
          const finder =
            referrers === false ? undefined : attachmentFinder(session, typeFilter(referrers), onMissing);
          const attachments = (await finder?.find(root, bytes)) ?? [];
          if (attachments.length === 0) {
            return;
          }
          const { descriptor, kind } = root;
          if (!(await target.has(descriptor, kind, options.signal))) {
            await target.publish(descriptor, bytes);
          }
          // A put names its tags, and none of these: what is there is not replaced.
          await bringAttachments(target, attachments, repositoryReader(session), options, () => false);
        },
      };
    },
    close: async () => {},
  };
}

/** All types, or those that match one of the patterns, in which `*` stands for anything. */
function typeFilter(referrers: boolean | readonly string[]): (artifactType: string) => boolean {
  if (typeof referrers === 'boolean') {
    return () => referrers;
  }
  const patterns = referrers.map(
    (pattern) => new RegExp(`^${pattern.split('*').map(escapeLiteral).join('.*')}$`, 's'),
  );
  return (artifactType) => patterns.some((pattern) => pattern.test(artifactType));
}

function escapeLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * A new index with the entries for some platforms only, and what BuildKit attests of these. Throws a UserError for a
 * platform that the index does not have, for an index in it that would bring others along, and for an image that is no index.
 */
export function keepPlatforms(image: ReadImage, platforms: readonly WantedPlatform[]): ReadImage {
  const { root, bytes, session } = image;
  const { digest } = root.descriptor;
  if (root.kind !== 'index') {
    throw new UserError(`params.platforms is set, but ${digest} is one image and no index`);
  }
  const { manifests, annotations } = parseIndex(bytes, `index ${digest}`);
  for (const wanted of platforms) {
    if (!manifests.some(({ platform }) => platformMatches(platform, wanted))) {
      const offered = offeredPlatforms(manifests).join(', ') || 'none';
      throw new UserError(
        `no child with platform ${formatPlatform(wanted)} in index ${digest}; it has: ${offered}`,
      );
    }
  }
  const isWanted = ({ platform }: Descriptor) =>
    platforms.some((wanted) => platformMatches(platform, wanted));
  const nested = manifests.find(
    (descriptor) =>
      isWanted(descriptor) && !descriptor.platform && contentKind(descriptor.mediaType) === 'index',
  );
  if (nested) {
    throw new UserError(
      `params.platforms cannot be kept of ${digest}: it lists the index ${nested.digest}, which states no platform`,
      {
        hint: 'promote that index by its digest, take all platforms, or assemble an index with params.manifests and flatten: true',
      },
    );
  }
  const kept = new Set(manifests.filter(isWanted).map((descriptor) => descriptor.digest as string));
  const entries = manifests.filter(
    (descriptor) =>
      isWanted(descriptor) || kept.has(descriptor.annotations?.['vnd.docker.reference.digest'] ?? ''),
  );
  const reader = repositoryReader(session);
  const source = assembledIndex(
    image.source.name,
    entries.map((descriptor) => ({
      descriptor,
      source: graphSource(
        reader,
        { descriptor, kind: contentKind(descriptor.mediaType) },
        { foreign: 'skip', listedBlobs: 'refuse' },
      ),
    })),
    annotations,
  );
  return { root: source.index, bytes: source.bytes, source, session };
}
