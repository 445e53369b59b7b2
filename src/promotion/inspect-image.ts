// An image as a tree: its manifest or index, the children of an index, and what is attached to each, with sizes.
import { contentKind } from '../content/content-graph.ts';
import { childrenOf } from '../content/graph-source.ts';
import { mapConcurrently } from '../limiter.ts';
import { maximumIndexDepth } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform.ts';
import {
  getListedManifest,
  getManifest,
  isMissing,
  type ServedManifest,
} from '../registry/manifest-endpoint.ts';
import { type StatedSignature, statedSignatures } from '../signing/stated-signature.ts';
import type { Session } from '../transport/session.ts';
import { type AttachmentFinder, attachmentFinder } from './attachments.ts';

/** How many manifests are read at a time. */
const readConcurrency = 4;

/** A blob that a manifest lists. */
export interface InspectedBlob {
  readonly digest: Digest;
  readonly media_type: string;
  /** In bytes. */
  readonly size: number;
}

/** A node of the tree. */
export interface InspectedNode extends InspectedBlob {
  /** `missing`: the index lists it, but the registry does not have it. */
  readonly kind: 'index' | 'image' | 'blob' | 'missing';
  readonly platform: string | null;
  readonly artifact_type: string | null;
  /** The tag under which it is attached to its parent; null for a referrer or a child. */
  readonly tag: string | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly config: InspectedBlob | null;
  readonly layers: readonly InspectedBlob[];
  /** The signatures and attestations in it, and who has made them as they state it: nothing is verified. */
  readonly signatures: readonly StatedSignature[];
  readonly children: readonly InspectedNode[];
  readonly referrers: readonly InspectedNode[];
}

/** An image, its tree, and how much there is in it. */
export interface InspectedImage {
  /** `size` counts each digest once: manifests, configs and layers, those of what is attached too. */
  readonly summary: { readonly images: number; readonly referrers: number; readonly size: number };
  readonly root: InspectedNode;
}

/** Reads the image under a tag or digest; `withReferrers` also what is attached to it. Throws what the registry said. */
export async function inspectImage(
  session: Session,
  reference: string,
  withReferrers: boolean,
): Promise<InspectedImage> {
  const finder = withReferrers ? attachmentFinder(session, () => true) : undefined;
  const served = await getManifest(session, reference);
  const { mediaType, bytes, digest } = served;
  const seen = new Set<Digest>();
  const root = await inspect({ mediaType, size: bytes.length, digest }, { served, tag: null, depth: 0 });
  return { summary: summarize(root), root };

  async function inspect(
    descriptor: Descriptor,
    { served: given, tag, depth }: { served?: ServedManifest; tag: string | null; depth: number },
  ): Promise<InspectedNode> {
    const kind = contentKind(descriptor.mediaType);
    if (kind === 'blob' || seen.has(descriptor.digest) || depth > maximumIndexDepth) {
      return leaf(descriptor, kind === 'manifest' ? 'image' : kind, tag);
    }
    seen.add(descriptor.digest);
    const document = given ?? (await readListed(session, descriptor));
    if (!document) {
      return leaf(descriptor, 'missing', tag);
    }
    const where = `${kind} ${descriptor.digest}`;
    const nested = { tag: null, depth: depth + 1 };
    const children =
      kind === 'index'
        ? await mapConcurrently(childrenOf('index', document.bytes, where), readConcurrency, (child) =>
            inspect(child.descriptor, nested),
          )
        : [];
    const manifest = kind === 'manifest' ? parseManifest(document.bytes, where) : undefined;
    const artifactType = manifest?.artifactType ?? descriptor.artifactType;
    return {
      ...leaf(descriptor, kind === 'index' ? 'index' : 'image', tag),
      artifact_type: artifactType ?? null,
      annotations: manifest?.annotations ?? descriptor.annotations ?? {},
      config: manifest ? blobOf(manifest.config) : null,
      layers: manifest?.layers.map(blobOf) ?? [],
      signatures: manifest ? await statedSignatures(session, manifest) : [],
      children,
      referrers: await referrersOf(finder, descriptor.digest, depth),
    };
  }

  async function referrersOf(
    attachments: AttachmentFinder | undefined,
    subject: Digest,
    depth: number,
  ): Promise<InspectedNode[]> {
    const attached = (await attachments?.of(subject)) ?? [];
    return await mapConcurrently(attached, readConcurrency, ({ node, tag }) =>
      inspect(node.descriptor, { tag: tag ?? null, depth: depth + 1 }),
    );
  }
}

async function readListed(session: Session, descriptor: Descriptor): Promise<ServedManifest | undefined> {
  try {
    return await getListedManifest(session, descriptor);
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

function blobOf({ digest, mediaType, size }: Descriptor): InspectedBlob {
  return { digest, media_type: mediaType, size };
}

function leaf(descriptor: Descriptor, kind: InspectedNode['kind'], tag: string | null): InspectedNode {
  const { platform, artifactType, annotations } = descriptor;
  return {
    ...blobOf(descriptor),
    kind,
    platform: platform ? formatPlatform(platform) : null,
    artifact_type: artifactType ?? null,
    tag,
    annotations: annotations ?? {},
    config: null,
    layers: [],
    signatures: [],
    children: [],
    referrers: [],
  };
}

function summarize(root: InspectedNode): InspectedImage['summary'] {
  const sizes = new Map<Digest, number>();
  let images = 0;
  let referrers = 0;
  const add = (node: InspectedNode, isAttached: boolean) => {
    for (const { digest, size } of [node, ...(node.config ? [node.config] : []), ...node.layers]) {
      sizes.set(digest, size);
    }
    images += Number(node.kind === 'image' && !isAttached);
    for (const child of node.children) {
      add(child, isAttached);
    }
    for (const referrer of node.referrers) {
      referrers++;
      add(referrer, true);
    }
  };
  add(root, false);
  return { images, referrers, size: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}
