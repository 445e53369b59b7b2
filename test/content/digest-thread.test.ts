// Digests that are computed in a thread of their own are those of the same bytes, whatever the pieces and the company.

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { beginDigest } from '../../src/content/content-digest.ts';
import { beginDigestInThread } from '../../src/content/digest-thread.ts';
import { verifyContent } from '../../src/content/verified-content.ts';
import { digestOf } from '../../src/oci/digest.ts';

const mebi = 1024 * 1024;

/** Bytes that differ from place to place. */
function content(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) {
    bytes.writeUInt32LE((at * 2_654_435_761 + seed) >>> 0, at);
  }
  return bytes;
}

async function digestInPieces(bytes: Buffer, pieceSize: number) {
  const digest = beginDigestInThread(bytes.length);
  for (let at = 0; at < bytes.length; at += pieceSize) {
    const piece = Buffer.from(bytes.subarray(at, at + pieceSize));
    await digest.update(piece);
    piece.fill(0);
  }
  return await digest.finish();
}

describe('a digest in a thread', () => {
  it.each([
    ['no bytes', 0, 1],
    ['one byte', 1, 1],
    ['pieces that are no multiple of a slot', mebi, 100_003],
    ['a piece that is larger than all slots together', 9 * mebi, 9 * mebi],
    ['many small pieces', 65_536, 7],
  ])('is that of %s, which may be changed as soon as they are added', async (_name, size, pieceSize) => {
    const bytes = content(size);
    expect(await digestInPieces(bytes, pieceSize)).toBe(digestOf(bytes));
  });

  it('is not mixed with others, of which some are abandoned', async () => {
    const abandoned = beginDigestInThread(mebi);
    await abandoned.update(content(mebi, 9));
    const all = Array.from({ length: 20 }, (_, seed) => content(mebi + seed, seed));
    const digests = all.map((bytes, index) => digestInPieces(bytes, 300_000 + index));
    abandoned.abandon();
    expect(await Promise.all(digests)).toEqual(all.map(digestOf));
  });
});

describe('a digest that was abandoned', () => {
  it.each([
    ['in the thread', 0, () => beginDigestInThread(0)],
    ['in the thread', mebi, () => beginDigestInThread(mebi)],
    ['here', mebi, () => beginDigest(mebi)],
  ] as const)('%s has no result that could pass for one, after %d bytes', async (_where, size, begin) => {
    const digest = begin();
    await digest.update(content(size));
    digest.abandon();
    await expect(digest.finish()).rejects.toThrow('the digest was abandoned');
  });
});

describe('digests that get few bytes', () => {
  const beginMany = async () => {
    const many = Array.from({ length: 40 }, () => beginDigestInThread(1));
    await Promise.all(many.map((digest) => digest.update(Buffer.from('a'))));
    return many;
  };

  it('do not stop one that gets many', async () => {
    const many = await beginMany();
    const bytes = content(9 * mebi);
    expect(await digestInPieces(bytes, mebi)).toBe(digestOf(bytes));
    expect(await Promise.all(many.map((digest) => digest.finish()))).toEqual(many.map(() => digestOf('a')));
  });

  it('leave the thread to others when they are abandoned, also while one waits for it', async () => {
    const many = await beginMany();
    const waiting = beginDigestInThread(9 * mebi);
    const added = waiting.update(content(9 * mebi));
    waiting.abandon();
    for (const digest of many) {
      digest.abandon();
    }
    await added;
    const bytes = content(9 * mebi, 2);
    expect(await digestInPieces(bytes, mebi)).toBe(digestOf(bytes));
  });
});

describe('large content', () => {
  const bytes = content(10 * mebi);
  const pieces = (of: Buffer) => Readable.from([of.subarray(0, 3 * mebi), of.subarray(3 * mebi)]);
  const expected = { size: bytes.length, digest: digestOf(bytes) };

  it('that is right is passed on', async () => {
    expect((await buffer(verifyContent(pieces(bytes), expected, 'blob'))).equals(bytes)).toBe(true);
  });

  it('that differs in its last bit fails at its end', async () => {
    const wrong = Buffer.from(bytes);
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
    await expect(buffer(verifyContent(pieces(wrong), expected, 'blob'))).rejects.toThrow(
      `blob: digest mismatch: received ${digestOf(wrong)}, requested ${expected.digest}`,
    );
  });

  it('that is not read to its end leaves the thread to others', async () => {
    const unread = verifyContent(pieces(bytes), expected, 'blob');
    unread.once('data', () => unread.destroy());
    await new Promise((resolve) => unread.once('close', resolve));
    expect(await digestInPieces(bytes, mebi)).toBe(expected.digest);
  });
});
