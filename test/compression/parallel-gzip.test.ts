import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GzipOptions, gzipBlockSize, parallelGzip } from '../../src/compression/parallel-gzip.ts';
import { repositoryRoot } from '../support/run.ts';

async function* cut(input: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let offset = 0, turn = 0; offset < input.length; turn++) {
    const size = sizes[turn % sizes.length] ?? input.length;
    yield input.subarray(offset, offset + size);
    offset += size;
  }
}

async function gzipOf(input: Buffer, sizes: readonly number[] = [64 * 1024], options?: GzipOptions) {
  return Buffer.concat(await Array.fromAsync(parallelGzip(cut(input, sizes), options)));
}

/** Bytes that compress somewhat, the same for the same size. */
function sample(size: number): Buffer {
  const line = createHash('sha256').update('sample').digest('hex');
  const bytes = Buffer.alloc(size, `${line}\n`);
  for (let position = 0; position < size; position += 97) {
    bytes[position] = (position * 31) % 251;
  }
  return bytes;
}

describe('parallelGzip', () => {
  it.each([0, 1, gzipBlockSize - 1, gzipBlockSize, gzipBlockSize + 1, 5 * gzipBlockSize + 12_345])(
    'compresses %d bytes to gzip that decompresses to the same bytes',
    async (size) => {
      const input = sample(size);
      expect(gunzipSync(await gzipOf(input)).equals(input)).toBe(true);
    },
  );

  it('keeps bytes that do not compress', async () => {
    const input = createHash('shake256', { outputLength: gzipBlockSize + 100_000 }).digest();
    expect(gunzipSync(await gzipOf(input)).equals(input)).toBe(true);
  });

  it('makes compressible bytes smaller', async () => {
    expect((await gzipOf(sample(3 * gzipBlockSize))).length).toBeLessThan(gzipBlockSize);
  });

  it('yields the same gzip whatever the chunks of the input and the number of blocks at once', async () => {
    const input = sample(3 * gzipBlockSize + 4321);
    const expected = await gzipOf(input);
    const size = fc.oneof(
      fc.integer({ min: 1000, max: 70_000 }),
      fc.integer({ min: 1, max: 3 * gzipBlockSize }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(size, { minLength: 1, maxLength: 4 }).filter((sizes) => Math.max(...sizes) >= 1000),
        fc.integer({ min: 1, max: 9 }),
        async (sizes, concurrency) => {
          expect((await gzipOf(input, sizes, { concurrency })).equals(expected)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('writes no name and no time, so that equal layers have equal digests', async () => {
    const bytes = await gzipOf(Buffer.from('x'));
    expect(bytes.subarray(0, 10).toString('hex')).toBe('1f8b08000000000004ff');
  });

  it.each([
    [1, 4],
    [5, 0],
    [9, 2],
  ])('writes at level %d that the effort was %d, and the same content', async (level, effort) => {
    const input = sample(gzipBlockSize + 1);
    const bytes = await gzipOf(input, [64 * 1024], { level });
    expect(bytes[8]).toBe(effort);
    expect(gunzipSync(bytes).equals(input)).toBe(true);
  });

  it('makes text smaller on a higher level', async () => {
    const input = await readFile(join(repositoryRoot, 'package-lock.json'));
    const lengths = await Promise.all(
      [1, 9].map(async (level) => (await gzipOf(input, undefined, { level })).length),
    );
    expect(lengths[1]).toBeLessThan(lengths[0] ?? 0);
  });

  it('writes one gzip member', async () => {
    const input = sample(2 * gzipBlockSize);
    const bytes = await gzipOf(input);
    expect(bytes.readUInt32LE(bytes.length - 4)).toBe(input.length);
  });

  it('throws the error of its input', async () => {
    const broken = async function* () {
      yield sample(2 * gzipBlockSize);
      throw new Error('unreadable');
    };
    await expect(Array.fromAsync(parallelGzip(broken()))).rejects.toThrow('unreadable');
  });

  it('reads ahead no more than the blocks that are being deflated', async () => {
    let read = 0;
    const endless = async function* () {
      for (;;) {
        read++;
        yield Buffer.alloc(gzipBlockSize);
      }
    };
    const output = parallelGzip(endless(), { concurrency: 3 });
    await output.next();
    await output.next();
    expect(read).toBe(3);
    await output.return();
  });
});
