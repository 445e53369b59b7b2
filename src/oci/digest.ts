// Digests name content by its SHA-256 hash (OCI image specification, "Digests").
import { createHash, type Hash } from 'node:crypto';
import { UserError } from '../errors.ts';

/** `sha256:` and 64 lower-case hexadecimal digits. No other algorithm is supported. */
export type Digest = `sha256:${string}`;

const pattern = /^sha256:[0-9a-f]{64}$/;

/** Whether a value is a well-formed digest. */
export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && pattern.test(value);
}

/** A value as a digest. Throws a UserError that quotes it when it is none. */
export function parseDigest(value: unknown): Digest {
  if (isDigest(value)) {
    return value;
  }
  const found = value === undefined || value === '' ? 'it is empty' : `got ${JSON.stringify(value)}`;
  throw new UserError(`a digest must be "sha256:" and 64 lower-case hexadecimal digits: ${found}`, {
    code: 'DIGEST_MALFORMED',
  });
}

/** The digest of bytes, or of a string in UTF-8. */
export function digestOf(content: Uint8Array | string): Digest {
  return finishDigest(createHash('sha256').update(content));
}

/** The digest of a SHA-256 hash. The hash cannot be used afterwards. */
export function finishDigest(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}`;
}

/** The 64 hexadecimal digits without the algorithm. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
