// The least rate of a download, on a clock of the test.
import { describe, expect, it } from 'vitest';
import { rateGuard } from '../../src/registry/rate-guard.ts';

const url = 'https://registry/v2/app/blobs/x?signature=secret';

/** Reads chunks that take a time to come and a time to be used, in milliseconds; returns the bytes that arrived. */
async function read(chunks: Iterable<{ size: number; comes: number; used?: number }>): Promise<number> {
  let now = 0;
  let using = 0;
  async function* source() {
    for (const { size, comes, used = 0 } of chunks) {
      now += comes;
      using = used;
      yield Buffer.alloc(size);
    }
  }
  let received = 0;
  for await (const chunk of rateGuard(url, 60_000, () => now)(source())) {
    received += chunk.length;
    now += using;
  }
  return received;
}

const repeat = (count: number, chunk: { size: number; comes: number; used?: number }) =>
  Array.from({ length: count }, () => chunk);

describe('a download', () => {
  it.each([
    ['a byte a second', repeat(100, { size: 1, comes: 1_000 })],
    [
      'a large chunk, and then a byte a second',
      [{ size: 1 << 20, comes: 1 }, ...repeat(100, { size: 1, comes: 1_000 })],
    ],
    ['a bit less than the least rate', repeat(600, { size: 1_000, comes: 1_000 })],
  ])('is ended at %s', async (_name, chunks) => {
    await expect(read(chunks)).rejects.toMatchObject({
      message:
        'GET https://registry/v2/app/blobs/x?signature=REDACTED: the server sends less than 1024 bytes a second',
      code: 'SERVER_SLOW',
    });
  });

  it.each([
    ['the least rate', 600 * 1_100, repeat(600, { size: 1_100, comes: 1_000 })],
    ['a slow reader', 3_000, repeat(300, { size: 10, comes: 1, used: 60_000 })],
    [
      'a pause that is shorter than the window',
      1 << 20,
      [
        { size: 100, comes: 0 },
        { size: (1 << 20) - 100, comes: 59_000 },
      ],
    ],
    ['bytes that come slowly for less than the window', 50, repeat(50, { size: 1, comes: 1_000 })],
  ])('goes on at %s', async (_name, received, chunks) => {
    expect(await read(chunks)).toBe(received);
  });
});
