// A repository as the place where a content graph goes: blobs and manifests by digest first, tags last.
import { buffer } from 'node:stream/consumers';
import type { TaggedTarget } from '../content/content-graph.ts';
import type { CurrentTag, TagState } from '../content/tag-state.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Log } from '../log.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { digestReference, tagReference } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { hasBlob, uploadBlob } from './blob-upload.ts';
import { headManifest, putManifest } from './manifest-endpoint.ts';
import { createReferrerRecorder } from './referrers.ts';
import { type TriedTag, undoTags } from './tag-rollback.ts';

/** How many tags are asked for or moved at a time, as upstream does. */
const tagConcurrency = 4;

/** A target over a session that may push. What was done is told in `log` as upstream's library tells it. */
export function repositoryTarget(session: Session, log: Log): TaggedTarget {
  const { repository } = session;
  const referrers = createReferrerRecorder(session);

  const putDescribed = async (reference: string, descriptor: Descriptor, bytes: Uint8Array) => {
    await putManifest(session, reference, descriptor.mediaType, bytes);
    const name =
      reference === descriptor.digest
        ? digestReference(repository, descriptor.digest)
        : tagReference(repository, reference);
    log.progress(`${name}: digest: ${descriptor.digest} size: ${bytes.length}`);
  };

  return {
    order: 'any',
    async has({ digest }, kind) {
      if (kind !== 'blob') {
        return await hasManifest(session, digest);
      }
      const found = await hasBlob(session, digest);
      if (found) {
        log.progress(`existing blob: ${digest}`);
      }
      return found;
    },
    currentTags: (tags) =>
      mapConcurrently(tags, tagConcurrency, async (tag) => ({ tag, now: await stateOf(session, tag) })),
    async write(node) {
      if (node.kind === 'blob') {
        log.progress(`${await uploadBlob(session, node)} blob: ${node.descriptor.digest}`);
        return;
      }
      const bytes = await buffer(await node.open());
      await putDescribed(node.descriptor.digest, node.descriptor, bytes);
      await referrers.record(node.descriptor, bytes);
    },
    async publish(root, bytes) {
      await putDescribed(root.digest, root, bytes);
      await referrers.record(root, bytes);
    },
    async publishTagged(root, bytes, tags) {
      const tried: TriedTag[] = [];
      const failures: unknown[] = [];
      const move = async (before: CurrentTag) => {
        if (failures.length > 0) {
          return;
        }
        try {
          await putDescribed(before.tag, root, bytes);
          tried.push({ before, moved: true });
        } catch (error) {
          failures.push(error);
          tried.push({ before, moved: false });
        }
      };
      // The first PUT alone carries the content; the others only name what is there by then.
      await mapConcurrently(tags.slice(0, 1), 1, move);
      await mapConcurrently(tags.slice(1), tagConcurrency, move);
      if (failures.length === 0) {
        await referrers.record(root, bytes).catch((error) => failures.push(error));
      }
      if (failures.length > 0) {
        const [cause] = failures;
        throw tried.some(({ moved }) => moved)
          ? await undoTags(session, tried, root.digest, log, cause)
          : cause;
      }
    },
  };
}

/** Where a tag or digest points; a registry that refuses to tell leaves it unclear. */
async function stateOf(session: Session, reference: string): Promise<TagState> {
  const head = await headManifest(session, reference);
  if (head.state === 'unclear' && head.error && ![403, 405, 501].includes(head.error.status)) {
    throw head.error;
  }
  return head;
}

/** Whether the repository has a manifest or index already; a refusal to tell counts as no. */
async function hasManifest(session: Session, digest: Digest): Promise<boolean> {
  return (await stateOf(session, digest)).state === 'found';
}
