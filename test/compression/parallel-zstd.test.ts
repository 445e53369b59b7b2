import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../src/compression/decompress.ts';
import { detectCompression } from '../../src/compression/detect.ts';
import { parallelZstd, type ZstdOptions, zstdFrameSize } from '../../src/compression/parallel-zstd.ts';
import { ZstdFrames } from '../../src/compression/zstd-frames.ts';
import { repositoryRoot } from '../support/run.ts';

async function* cut(input: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let offset = 0, turn = 0; offset < input.length; turn++) {
    const size = sizes[turn % sizes.length] ?? input.length;
    yield input.subarray(offset, offset + size);
    offset += size;
  }
}

async function zstdOf(input: Buffer, sizes: readonly number[] = [512 * 1024], options?: ZstdOptions) {
  return Buffer.concat(await Array.fromAsync(parallelZstd(cut(input, sizes), options)));
}

/** Bytes that compress somewhat, the same for the same size. */
function sample(size: number): Buffer {
  const bytes = Buffer.alloc(size, `${createHash('sha256').update('sample').digest('hex')}\n`);
  for (let position = 0; position < size; position += 97) {
    bytes[position] = (position * 31) % 251;
  }
  return bytes;
}

describe('parallelZstd', () => {
  it.each([0, 1, zstdFrameSize - 1, zstdFrameSize, zstdFrameSize + 1, 3 * zstdFrameSize + 12_345])(
    'compresses %d bytes to complete frames that decompress to the same bytes',
    async (size) => {
      const input = sample(size);
      const bytes = await zstdOf(input);
      const frames = new ZstdFrames();
      frames.push(bytes);
      expect(frames.complete).toBe(true);
      expect(detectCompression(bytes)).toBe('zstd');
      const plain = await Array.fromAsync(decompress(Readable.from([bytes])));
      expect(Buffer.concat(plain).equals(input)).toBe(true);
    },
  );

  it('keeps bytes that do not compress', async () => {
    const input = createHash('shake256', { outputLength: zstdFrameSize + 100_000 }).digest();
    expect(zstdDecompressSync(await zstdOf(input)).equals(input)).toBe(true);
  });

  it('yields the same bytes whatever the chunks of the input and the number of frames at once', async () => {
    const input = sample(2 * zstdFrameSize + 4321);
    const expected = await zstdOf(input);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 10_000, max: 3 * zstdFrameSize }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        async (sizes, concurrency) => {
          expect((await zstdOf(input, sizes, { concurrency })).equals(expected)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each([1, 3, 13, 19])('compresses on level %d', async (level) => {
    const input = sample(200_000);
    expect(zstdDecompressSync(await zstdOf(input, undefined, { level })).equals(input)).toBe(true);
  });

  it('makes text smaller on a higher level', async () => {
    const input = await readFile(join(repositoryRoot, 'package-lock.json'));
    const [low, high] = await Promise.all(
      [1, 19].map(async (level) => (await zstdOf(input, undefined, { level })).length),
    );
    expect(high).toBeLessThan(low ?? 0);
  });

  it('has the size of the content in the header and a checksum, so that readers reserve and verify', async () => {
    const descriptor = (await zstdOf(sample(1000)))[4] ?? 0;
    expect({ singleSegment: descriptor & 0x20, checksum: descriptor & 4 }).toEqual({
      singleSegment: 0x20,
      checksum: 4,
    });
  });

  it('throws the error of its input', async () => {
    const broken = async function* () {
      yield sample(2 * zstdFrameSize);
      throw new Error('unreadable');
    };
    await expect(Array.fromAsync(parallelZstd(broken()))).rejects.toThrow('unreadable');
  });

  it('reads ahead no more than the frames that are being compressed', async () => {
    let read = 0;
    const endless = async function* () {
      for (;;) {
        read++;
        yield Buffer.alloc(zstdFrameSize);
      }
    };
    const output = parallelZstd(endless(), { concurrency: 3 });
    await output.next();
    expect(read).toBe(3);
    await output.return();
  });
});
