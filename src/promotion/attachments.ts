// What is attached to an image: its referrers, theirs, and the tags that signing tools derive from its digest.
import type { GraphNode } from '../content/content-graph.ts';
import { childrenOf } from '../content/graph-source.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { findManifest } from '../registry/found-manifest.ts';
import type { ServedManifest } from '../registry/manifest-endpoint.ts';
import { listReferrers, referrersIn, referrersTag } from '../registry/referrer-list.ts';
import { listTags } from '../registry/tag-list.ts';
import type { Session } from '../transport/session.ts';

/** Referrers of referrers are followed this deep. */
const maximumDepth = 8;
/** How many digests are asked for at a time; the budget of the host counts too. */
const lookUpConcurrency = 4;

/** A manifest that travels with an image: by digest as a referrer, or under a tag. */
export interface Attachment {
  readonly node: GraphNode;
  /** The tag that was derived from the digest of the image; undefined for a referrer. */
  readonly tag: string | undefined;
}

/** Chooses attachments by their artifact type; those under a tag count by the type of their config or manifest. */
export type AttachmentFilter = (artifactType: string) => boolean;

/** Finds what is attached to images of one repository. */
export interface AttachmentFinder {
  /** For the image or index `root` and the children of an index: each attachment once, subjects before referrers. */
  find(root: GraphNode, bytes: Uint8Array): Promise<Attachment[]>;
  /** What is attached directly to one manifest or index. */
  of(subject: Digest): Promise<Attachment[]>;
}

/**
 * A finder that sends few requests: the tags of the repository are listed once, and a registry without a referrers
 * endpoint is asked for it once. `onMissing` is called for a tag that the registry lists, but does not have.
 */
export function attachmentFinder(
  session: Session,
  wanted: AttachmentFilter,
  onMissing: (tag: string) => void = () => {},
): AttachmentFinder {
  let hasEndpoint = true;
  let listed: Promise<ReadonlySet<string> | undefined> | undefined;
  /** All tags; undefined where the registry does not list them. */
  const allTags = () => {
    listed ??= listTags(session).then(
      (tags) => new Set(tags),
      () => undefined,
    );
    return listed;
  };

  const referrersOf = async (subject: Digest): Promise<readonly Descriptor[]> => {
    const referrers = hasEndpoint ? await listReferrers(session, subject) : 'unsupported';
    if (referrers !== 'unsupported') {
      return referrers;
    }
    hasEndpoint = false;
    const tag = referrersTag(subject);
    const served = await findTagged(tag);
    return served ? referrersIn(served, tag) : [];
  };

  const findTagged = async (tag: string): Promise<ServedManifest | undefined> => {
    const tags = await allTags();
    if (tags !== undefined && !tags.has(tag)) {
      return undefined;
    }
    const served = await findManifest(session, tag);
    if (!served && tags !== undefined) {
      onMissing(tag);
    }
    return served;
  };

  const tagsOf = async (subject: Digest): Promise<Attachment[]> => {
    const found = await mapConcurrently(derivedTags(subject), lookUpConcurrency, async (tag) => {
      const served = await findTagged(tag);
      return served && taggedAttachment(served, tag, subject, wanted);
    });
    return found.filter((attachment) => attachment !== undefined);
  };

  return {
    async of(subject) {
      const referrers = (await referrersOf(subject)).filter(({ artifactType }) => wanted(artifactType ?? ''));
      const nodes = referrers.map((descriptor) => ({ node: documentNode(descriptor), tag: undefined }));
      return [...nodes, ...(await tagsOf(subject))];
    },
    async find(root, bytes) {
      const children =
        root.kind === 'index' ? childrenOf('index', bytes, `index ${root.descriptor.digest}`) : [];
      let subjects = [root, ...children.filter(({ kind }) => kind !== 'blob')].map(
        ({ descriptor }) => descriptor.digest,
      );
      const tagged = await mapConcurrently(subjects, lookUpConcurrency, tagsOf);
      const found: Attachment[] = [];
      const seen = new Set<Digest>(subjects);
      for (let depth = 0; subjects.length > 0 && depth < maximumDepth; depth++) {
        const referrers = (await mapConcurrently(subjects, lookUpConcurrency, referrersOf)).flat();
        subjects = [];
        for (const descriptor of referrers) {
          if (!seen.has(descriptor.digest) && wanted(descriptor.artifactType ?? '')) {
            seen.add(descriptor.digest);
            subjects.push(descriptor.digest);
            found.push({ node: documentNode(descriptor), tag: undefined });
          }
        }
      }
      return [...found, ...tagged.flat()];
    },
  };
}

/** The tags by which cosign attaches signatures, attestations and SBOMs, and the one of the referrers. */
export function derivedTags(subject: Digest): string[] {
  const bare = referrersTag(subject);
  return [`${bare}.sig`, `${bare}.att`, `${bare}.sbom`, bare];
}

/** Whether a tag is one of these, of whichever digest. */
export function isDerivedTag(tag: string): boolean {
  return /^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$/.test(tag);
}

function taggedAttachment(
  { bytes, digest, mediaType }: ServedManifest,
  tag: string,
  subject: Digest,
  wanted: AttachmentFilter,
): Attachment | undefined {
  const node = documentNode({ mediaType, size: bytes.length, digest });
  // The index of the referrers: the target keeps its own.
  const isReferrers = tag === referrersTag(subject) && node.kind === 'index';
  return isReferrers || !wanted(artifactTypeOf(node, bytes)) ? undefined : { node, tag };
}

/** The artifact type of a manifest, or that of its config; empty for an index. */
export function artifactTypeOf({ kind, descriptor }: GraphNode, bytes: Uint8Array): string {
  if (kind === 'index') {
    return '';
  }
  const { artifactType, config } = parseManifest(bytes, `manifest ${descriptor.digest}`);
  return artifactType ?? config.mediaType;
}

function documentNode(descriptor: Descriptor): GraphNode {
  return { descriptor, kind: isIndexType(descriptor.mediaType) ? 'index' : 'manifest' };
}
