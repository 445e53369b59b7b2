// A repository as a content target: blobs and manifests by digest first, tags last.
import { buffer } from 'node:stream/consumers';
import { tagConcurrency } from '../concurrency.ts';
import type { OnContentEvent } from '../content/content-event.ts';
import type { TaggedTarget } from '../content/content-graph.ts';
import type { CurrentTag } from '../content/tag-state.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { repositoryName } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { cancelUpload, hasBlob, mountBlob, uploadBlob } from './blob-upload.ts';
import { findManifest } from './found-manifest.ts';
import { ChangedManifestError, putManifest } from './manifest-changes.ts';
import { headManifest } from './manifest-endpoint.ts';
import { createReferrerRecorder } from './referrers.ts';
import { type TriedTag, undoTags } from './tag-rollback.ts';

/** A target over a session that may push. `on` receives the events of manifests and tags. */
export function repositoryTarget(session: Session, on: OnContentEvent): TaggedTarget {
  const { repository } = session;
  const name = repositoryName(repository);
  const referrers = createReferrerRecorder(session);
  /** The upload sessions that the registry opened instead of a mount. */
  const opened = new Map<Digest, string>();

  const putDescribed = async (
    reference: string,
    descriptor: Descriptor,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ) => {
    await putManifest(session, reference, descriptor.mediaType, bytes, signal);
    on({ type: 'stored', name, reference, descriptor });
  };

  return {
    name,
    order: 'any',
    async has({ digest }, kind, signal) {
      if (kind !== 'blob') {
        return await hasManifest(session, digest, signal);
      }
      const isHeld = await hasBlob(session, digest, signal);
      const upload = opened.get(digest);
      if (isHeld && upload !== undefined) {
        opened.delete(digest);
        await cancelUpload(session, upload);
      }
      return isHeld;
    },
    async mount({ digest }, from, signal) {
      if (from.registry !== repository.registry || from.path === repository.path) {
        return false;
      }
      const outcome = await mountBlob(session, digest, from, signal);
      if (!outcome.mounted && outcome.upload !== undefined) {
        opened.set(digest, outcome.upload);
      }
      return outcome.mounted;
    },
    currentTags: (tags) =>
      mapConcurrently(tags, tagConcurrency, async (tag) => ({ tag, now: await headManifest(session, tag) })),
    readTag: (tag) => findManifest(session, tag),
    async write(node, signal) {
      const { descriptor } = node;
      if (node.kind === 'blob') {
        const upload = opened.get(descriptor.digest);
        opened.delete(descriptor.digest);
        return await uploadBlob(session, node, { opened: upload, signal });
      }
      const bytes = await buffer(await node.open());
      await putDescribed(descriptor.digest, descriptor, bytes, signal);
      await referrers.record(descriptor, bytes);
      return 'pushed';
    },
    async publish(root, bytes) {
      await putDescribed(root.digest, root, bytes);
      await referrers.record(root, bytes);
    },
    recordHeld: referrers.recordHeld,
    async publishTagged(root, bytes, tags) {
      const tried: TriedTag[] = [];
      const failures: unknown[] = [];
      const move = async (before: CurrentTag) => {
        if (failures.length > 0) {
          return;
        }
        try {
          await putDescribed(before.tag, root, bytes);
          tried.push({ before, moved: true, to: root.digest });
        } catch (error) {
          failures.push(error);
          const stored = error instanceof ChangedManifestError ? error.stored : undefined;
          tried.push({ before, moved: stored !== undefined, to: stored ?? root.digest });
        }
      };
      // The first PUT stores the content; the others point further tags at what exists by then.
      await mapConcurrently(tags.slice(0, 1), 1, move);
      await mapConcurrently(tags.slice(1), tagConcurrency, move);
      if (failures.length === 0) {
        await referrers.record(root, bytes).catch((error) => failures.push(error));
      }
      if (failures.length > 0) {
        const [cause] = failures;
        throw tried.some(({ moved }) => moved) ? await undoTags(session, tried, on, cause) : cause;
      }
    },
  };
}

/** Whether the repository holds a manifest or index already; false when the registry refuses to respond. */
async function hasManifest(
  session: Session,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return (await headManifest(session, digest, signal)).state === 'found';
}
