import { describe, expect, it } from 'vitest';
import { detectCompression } from '../../src/compression/detect.ts';

describe('detectCompression', () => {
  it.each([
    ['gzip', [0x1f, 0x8b], 'gzip'],
    ['gzip with more behind', [0x1f, 0x8b, 8, 0], 'gzip'],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
    ['three quarters of the zstd signature', [0x28, 0xb5, 0x2f], 'none'],
    ['half of the gzip signature', [0x1f], 'none'],
    ['nothing', [], 'none'],
    ['a skippable zstd frame', [0x50, 0x2a, 0x4d, 0x18], 'none'],
    ['the start of a tar', [0x65, 0x74, 0x63, 0x2f], 'none'],
  ])('%s', (_, bytes, expected) => {
    expect(detectCompression(Uint8Array.from(bytes))).toBe(expected);
  });
});
