// A digest names content by its hash: OCI image specification, descriptor, "Digests".
import { createHash, type Hash } from 'node:crypto';
import { UserError } from '../errors.ts';

/** `sha256:` and 64 lower-case hexadecimal digits; the only algorithm that is supported. */
export type Digest = `sha256:${string}`;

const pattern = /^sha256:[0-9a-f]{64}$/;

/** Whether a text is a well-formed digest. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && pattern.test(text);
}

/** The digest that a text holds; an error that quotes it otherwise. */
export function parseDigest(text: unknown): Digest {
  if (isDigest(text)) {
    return text;
  }
  const found = text === undefined || text === '' ? 'it is empty' : `got ${JSON.stringify(text)}`;
  throw new UserError(`a digest must be "sha256:" and 64 lower-case hexadecimal digits: ${found}`, {
    code: 'DIGEST_MALFORMED',
  });
}

/** The sha256 digest of bytes or of the UTF-8 form of a text. */
export function digestOf(content: Uint8Array | string): Digest {
  return finishDigest(createHash('sha256').update(content));
}

/** The digest of everything that was fed into a sha256 hash. The hash can't be used afterwards. */
export function finishDigest(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}`;
}

/** The 64 hexadecimal digits without the algorithm. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
