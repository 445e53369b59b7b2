import { describe, expect, it } from 'vitest';
import { detectCompression } from '../../src/compression/detect.ts';

describe('detectCompression', () => {
  it.each([
    ['the gzip signature', [0x1f, 0x8b], 'gzip'],
    ['the start of a gzip header', [0x1f, 0x8b, 8, 0], 'gzip'],
    ['the zstd signature', [0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
    ['three quarters of the zstd signature', [0x28, 0xb5, 0x2f], 'none'],
    ['half of the gzip signature', [0x1f], 'none'],
    ['no bytes', [], 'none'],
    ['a skippable zstd frame', [0x50, 0x2a, 0x4d, 0x18], 'none'],
    ['the start of a tar', [0x65, 0x74, 0x63, 0x2f], 'none'],
  ])('recognises %s, %j, as %s', (_, bytes, expected) => {
    expect(detectCompression(Uint8Array.from(bytes))).toBe(expected);
  });
});
