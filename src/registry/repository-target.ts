// A repository as the place where a content graph goes: blobs and manifests by digest first, tags last.
import { buffer } from 'node:stream/consumers';
import { mapConcurrently } from '../concurrency.ts';
import type { Log } from '../log.ts';
import type { ContentTarget } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestText, tagText } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { hasBlob, uploadBlob } from './blob-upload.ts';
import { headManifest, putManifest } from './manifest-endpoint.ts';
import { createReferrerRecorder } from './referrers.ts';

/** How many tags are asked for or moved at a time, as upstream does. */
const tagConcurrency = 4;

/** A target over a session that may push. What was done is told in `log` as upstream's library tells it. */
export function repositoryTarget(session: Session, log: Log): ContentTarget {
  const { repository } = session;
  const referrers = createReferrerRecorder(session);

  const putDescribed = async (reference: string, descriptor: Descriptor, bytes: Uint8Array) => {
    await putManifest(session, reference, descriptor.mediaType, bytes);
    const name =
      reference === descriptor.digest
        ? digestText(repository, descriptor.digest)
        : tagText(repository, reference);
    log.progress(`${name}: digest: ${descriptor.digest} size: ${bytes.length}`);
  };

  return {
    order: 'any',
    has: (descriptor, kind) =>
      kind === 'blob'
        ? hasBlob(session, descriptor.digest)
        : pointsAt(session, descriptor.digest, descriptor),
    async outdatedTags(root, tags) {
      const current = await mapConcurrently(tags, tagConcurrency, async (tag) => {
        const done = await pointsAt(session, tag, root);
        if (done) {
          log.progress(`existing manifest: ${tag}@${root.digest}`);
        }
        return done;
      });
      return tags.filter((_, position) => !current[position]);
    },
    async write(node) {
      if (node.kind === 'blob') {
        return await uploadBlob(session, node);
      }
      const bytes = await buffer(await node.open());
      await putDescribed(node.descriptor.digest, node.descriptor, bytes);
      await referrers.record(node.descriptor, bytes);
      return 'pushed';
    },
    async publish(root, bytes, tags) {
      const references = tags.length > 0 ? tags : [root.digest];
      // The first PUT alone carries the content; the others only name what is there by then.
      const [first = root.digest, ...others] = references;
      await putDescribed(first, root, bytes);
      await mapConcurrently(others, tagConcurrency, (tag) => putDescribed(tag, root, bytes));
      await referrers.record(root, bytes);
    },
  };
}

/** Whether a tag or digest of the repository is this content already; a refusal to tell counts as no. */
async function pointsAt(session: Session, reference: string, descriptor: Descriptor): Promise<boolean> {
  const head = await headManifest(session, reference);
  if (head.state === 'unclear' && head.error && ![403, 405, 501].includes(head.error.status)) {
    throw head.error;
  }
  return head.state === 'found' && head.digest === descriptor.digest;
}
