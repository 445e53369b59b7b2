// Detecting the compression of a blob by its first bytes, whatever its media type says.

/** The compression of a layer. */
export type Compression = 'gzip' | 'zstd' | 'none';

const signatures: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/** How many bytes {@link detectCompression} needs. */
export const signatureLength = 4;

/**
 * The compression of content that starts with `head` (RFC 1952 section 2.3.1, RFC 8878 section 3.1.1).
 * Content too short for a signature is `none`.
 */
export function detectCompression(head: Uint8Array): Compression {
  for (const [compression, signature] of signatures) {
    if (signature.every((byte, index) => head[index] === byte)) {
      return compression;
    }
  }
  return 'none';
}
