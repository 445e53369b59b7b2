import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ZstdFrames } from '../../src/compression/zstd-frames.ts';

const checksummed = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const skippable = Buffer.from('502a4d180300000061626300', 'hex').subarray(0, 11);
const streams: readonly (readonly [string, Buffer])[] = [
  ['an empty frame', zstdCompressSync('')],
  ['a run of one byte', zstdCompressSync(Buffer.alloc(300_000))],
  ['raw blocks', zstdCompressSync(randomBytes(300_000))],
  ['compressed blocks with a checksum', zstdCompressSync(Buffer.from('abc '.repeat(90_000)), checksummed)],
  ['two frames', Buffer.concat([zstdCompressSync('one', checksummed), zstdCompressSync('two')])],
  [
    'a skippable frame between two',
    Buffer.concat([zstdCompressSync('one'), skippable, zstdCompressSync('two')]),
  ],
];

function completeAfter(bytes: Buffer, pieceLength: number): boolean {
  const frames = new ZstdFrames();
  for (let at = 0; at < bytes.length; at += pieceLength) {
    frames.push(bytes.subarray(at, at + pieceLength));
  }
  return frames.complete;
}

describe.each(streams)('ZstdFrames over %s', (_, bytes) => {
  it.each([1, 7, bytes.length])('is complete after the last byte, in pieces of %i', (pieceLength) => {
    expect(completeAfter(bytes, pieceLength)).toBe(true);
  });

  it('is incomplete without the last byte', () => {
    expect(completeAfter(bytes.subarray(0, -1), bytes.length)).toBe(false);
  });
});

test('ZstdFrames is incomplete when a frame is cut anywhere', () => {
  const bytes = zstdCompressSync(randomBytes(5000), checksummed);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: bytes.length - 1 }), (length) => {
      expect(completeAfter(bytes.subarray(0, length), length)).toBe(false);
    }),
  );
});

test('ZstdFrames ignores bytes after the last frame that start no frame', () => {
  expect(completeAfter(Buffer.concat([zstdCompressSync('one'), Buffer.alloc(9)]), 4)).toBe(true);
});
