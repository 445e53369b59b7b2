import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, gunzip, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { decompress, TruncatedStreamError } from '../../src/compression/decompress.ts';

// More than is passed to the decompressor at once.
const plain = Buffer.from(randomBytes(3_500_000).toString('base64'));
const text = Buffer.from('a layer');

function pieces(bytes: Buffer, length = 60_000): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) {
    all.push(bytes.subarray(at, at + length));
  }
  return all;
}

async function read(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of decompress(source)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

describe('decompress', () => {
  it.each([
    ['gzip', gzipSync(plain), plain],
    ['two gzip members', Buffer.concat([gzipSync(plain), gzipSync(text)]), Buffer.concat([plain, text])],
    ['gzip with zeros after it', Buffer.concat([gzipSync(plain), Buffer.alloc(5000)]), plain],
    ['zstd', zstdCompressSync(plain), plain],
    [
      'two zstd frames',
      Buffer.concat([zstdCompressSync(plain), zstdCompressSync(text)]),
      Buffer.concat([plain, text]),
    ],
    ['zstd with garbage after it', Buffer.concat([zstdCompressSync(plain), text]), plain],
    ['plain bytes', plain, plain],
    ['fewer bytes than a signature', Buffer.from([0x28, 0xb5]), Buffer.from([0x28, 0xb5])],
  ])('decompresses %s, in large and in tiny pieces', async (_, bytes, expected) => {
    expect((await read(Readable.from(pieces(bytes)))).equals(expected)).toBe(true);
    expect((await read(Readable.from(pieces(bytes, 997)))).equals(expected)).toBe(true);
  });

  it('reads nothing from an empty stream', async () => {
    expect(await read(Readable.from([]))).toEqual(Buffer.alloc(0));
  });

  it('returns the same bytes whatever the chunks of the compressed ones', async () => {
    const frames = [gzipSync(text), zstdCompressSync(text), text];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...frames), fc.array(fc.nat(40)), async (bytes, cuts) => {
        const borders = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const cut = borders.slice(1).map((border, index) => bytes.subarray(borders[index], border));
        expect(await read(Readable.from(cut.filter((piece) => piece.length > 0)))).toEqual(text);
      }),
    );
  });

  it.each([
    ['gzip data', gzipSync(plain), 5000],
    ['gzip data without its last byte', gzipSync(plain), 1],
    ['gzip data after its signature', gzipSync(text), gzipSync(text).length - 2],
    ['zstd data', zstdCompressSync(plain), 5000],
    ['zstd data without its last byte', zstdCompressSync(plain), 1],
    ['zstd data after its signature', zstdCompressSync(text), zstdCompressSync(text).length - 4],
  ])('throws a TruncatedStreamError when %s ends early', async (_, bytes, missing) => {
    const error = await read(Readable.from(pieces(bytes.subarray(0, -missing)))).catch((reason) => reason);
    expect(error).toBeInstanceOf(TruncatedStreamError);
    expect(error.code).toBe('Z_BUF_ERROR');
    expect(error.message).toMatch(/^the (gzip|zstd) data ends early$/);
  });

  it.each([
    ['gzip', gzipSync(plain)],
    ['zstd', zstdCompressSync(plain, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ])('reports damaged %s as damaged, not as truncated', async (_, bytes) => {
    const damaged = Buffer.from(bytes);
    damaged.fill(0xff, 300_000, 300_100);
    const error = await read(Readable.from(pieces(damaged))).catch((reason) => reason);
    expect(error.message).toMatch(/^the (gzip|zstd) data is damaged$/);
    expect(error).not.toBeInstanceOf(TruncatedStreamError);
    expect(error.cause.code).toMatch(/^(Z_DATA_ERROR|ZSTD_error_)/);
  });

  it('throws an error of the source as it is, after the bytes before it', async () => {
    const broken = new Error('wrong digest');
    const bytes = gzipSync(plain);
    async function* source(): AsyncGenerator<Buffer> {
      yield* pieces(bytes);
      throw broken;
    }
    let length = 0;
    const reading = async () => {
      for await (const chunk of decompress(Readable.from(source()))) {
        length += chunk.length;
      }
    };
    await expect(reading()).rejects.toBe(broken);
    expect(length).toBeGreaterThan(0);
  });

  test.each([
    ['garbage after zstd', Buffer.concat([zstdCompressSync(text), Buffer.alloc(3_000_000, 'x')])],
    ['zeros after gzip', Buffer.concat([gzipSync(text), Buffer.alloc(3_000_000)])],
  ])(
    'reports the end only when the source has ended, so that a wrong digest is noticed: %s',
    async (_, bytes) => {
      async function* source(): AsyncGenerator<Buffer> {
        yield* pieces(bytes);
        throw new Error('wrong digest');
      }
      await expect(read(Readable.from(source()))).rejects.toThrow('wrong digest');
    },
  );
});

describe('PlainBytes', () => {
  it('reads ahead only a bounded amount, however far a bomb expands', async () => {
    const megabyte = gzipSync(Buffer.alloc(1_000_000));
    const bomb = Buffer.concat(Array.from({ length: 300 }, () => megabyte));
    const before = process.memoryUsage().arrayBuffers;
    const bytes = decompress(Readable.from([bomb]));
    await bytes.next();
    // Each of these takes the decompressing threads as long as two chunks of the bomb would.
    for (let round = 0; round < 200; round += 1) {
      await promisify(gunzip)(megabyte);
    }
    const held = process.memoryUsage().arrayBuffers - before;
    bytes.destroy();
    expect(held).toBeLessThan(50_000_000);
  });

  it('reads only a bounded amount from its source while it has no reader', async () => {
    let taken = 0;
    async function* source(): AsyncGenerator<Buffer> {
      for (; taken < 2000; taken += 1) {
        yield Buffer.alloc(100_000, 'plain');
      }
    }
    const bytes = decompress(Readable.from(source()));
    await bytes.next();
    for (let turn = 0, seen = -1; turn < 50; turn = taken === seen ? turn + 1 : 0, seen = taken) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    bytes.destroy();
    expect(taken).toBeLessThan(200);
  });

  it('drains the source to its end without decompressing further', async () => {
    let ended = false;
    async function* source(): AsyncGenerator<Buffer> {
      yield* pieces(gzipSync(plain));
      ended = true;
    }
    const bytes = decompress(Readable.from(source()));
    await bytes.next();
    await bytes.drain();
    expect(ended).toBe(true);
  });

  it('throws the error of the source when it is drained', async () => {
    async function* source(): AsyncGenerator<Buffer> {
      yield* pieces(gzipSync(plain));
      throw new Error('wrong digest');
    }
    const bytes = decompress(Readable.from(source()));
    await bytes.next();
    await expect(bytes.drain()).rejects.toThrow('wrong digest');
  });

  it('destroys the source when its reader stops early', async () => {
    const source = Readable.from(pieces(gzipSync(plain)));
    for await (const _ of decompress(source)) {
      break;
    }
    expect(source.destroyed).toBe(true);
  });
});
