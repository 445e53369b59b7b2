// Verification of content against the size and digest of its descriptor. OCI image specification, "Verification".
import { pipeline, type Readable, Transform } from 'node:stream';
import { UserError, type UserErrorOptions } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { beginDigest } from './content-digest.ts';

/** Content that does not match its descriptor: damaged in transit, or stored wrongly. Its code is `CONTENT_CORRUPT`. */
export class CorruptContentError extends UserError {
  override readonly name: string = 'CorruptContentError';

  constructor(message: string, options: Pick<UserErrorOptions, 'facts'> = {}) {
    super(message, { ...options, code: 'CONTENT_CORRUPT' });
  }
}

/** Content whose length, as its server states it, is not the size in its descriptor: one of both is wrong. */
export class ContentSizeError extends UserError {
  override readonly name: string = 'ContentSizeError';
}

/** The size in bytes and the digest that content must have. */
export type ExpectedContent = Pick<Descriptor, 'size' | 'digest'>;

/**
 * A stream of the same bytes that fails at its end with a {@link CorruptContentError} unless they have the expected size
 * and digest; too many bytes fail at once. `what` names the content in the error; `explain` may return a better one, once the
 * content is known to be wrong. A failure of `stream` fails the result with the same error, and destroying the result destroys `stream`.
 */
export function verifyContent(
  stream: Readable,
  expected: ExpectedContent,
  what: string,
  explain: () => UserError | undefined = () => undefined,
): Readable {
  const digest = beginDigest(expected.size);
  let received = 0;
  const verified = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (received > expected.size) {
        done(explain() ?? sizeError(what, expected, `more than ${expected.size} bytes`));
        return;
      }
      const added = digest.update(chunk);
      if (added) {
        added.then(() => done(null, chunk), done);
      } else {
        done(null, chunk);
      }
    },
    flush(done) {
      const judge = (computed: Digest | undefined) => {
        const error = mismatch(what, expected, received, computed);
        done((error && explain()) ?? error ?? null);
      };
      if (received === expected.size) {
        digest.finish().then(judge, done);
      } else {
        judge(undefined);
      }
    },
    destroy(error, done) {
      digest.abandon();
      done(error);
    },
  });
  // The error reaches the consumer through the result.
  pipeline(stream, verified, () => {});
  return verified;
}

/** Returns the bytes when they have the expected size and digest; throws a {@link CorruptContentError} otherwise. */
export function verifyBytes<Bytes extends Uint8Array>(
  bytes: Bytes,
  expected: ExpectedContent,
  what: string,
): Bytes {
  const error = mismatch(what, expected, bytes.length, digestOf(bytes));
  if (error) {
    throw error;
  }
  return bytes;
}

function mismatch(what: string, expected: ExpectedContent, size: number, received: Digest | undefined) {
  if (size !== expected.size || received === undefined) {
    return sizeError(what, expected, `${size} bytes`);
  }
  return received === expected.digest
    ? undefined
    : new CorruptContentError(`${what}: digest mismatch: received ${received}, requested ${expected.digest}`);
}

function sizeError(what: string, expected: ExpectedContent, received: string): UserError {
  return new CorruptContentError(
    `${what}: size mismatch: received ${received}, requested ${expected.size} bytes of ${expected.digest}`,
  );
}
