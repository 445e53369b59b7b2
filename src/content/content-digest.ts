// The digest of content that comes in pieces: that of large content is computed beside the rest of the work.
import { createHash } from 'node:crypto';
import { finishDigest } from '../oci/digest.ts';
import { AbandonedDigestError, beginDigestInThread, type DigestInProgress } from './digest-thread.ts';

/** Content that is larger gets its digest in another thread, whose start takes some milliseconds. */
const largeSize = 8 * 1024 * 1024;

/** Begins the digest of content of about this size in bytes. */
export function beginDigest(size: number): DigestInProgress {
  return size > largeSize ? beginDigestInThread(size) : beginDigestHere();
}

function beginDigestHere(): DigestInProgress {
  const hash = createHash('sha256');
  let isAbandoned = false;
  return {
    update(bytes) {
      hash.update(bytes);
      return undefined;
    },
    async finish() {
      if (isAbandoned) {
        throw new AbandonedDigestError();
      }
      return finishDigest(hash);
    },
    abandon() {
      isAbandoned = true;
    },
  };
}

/** The same chunks, added to the digest, which is abandoned when they are not read to their end. */
export async function* digested<Chunk extends Uint8Array>(
  content: AsyncIterable<Chunk>,
  digest: DigestInProgress,
): AsyncGenerator<Chunk, void, undefined> {
  let isWhole = false;
  try {
    for await (const chunk of content) {
      const added = digest.update(chunk);
      if (added) {
        await added;
      }
      yield chunk;
    }
    isWhole = true;
  } finally {
    if (!isWhole) {
      digest.abandon();
    }
  }
}
