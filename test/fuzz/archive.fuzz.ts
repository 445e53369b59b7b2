// Fuzzes what layers and tarballs contain: tar headers, PAX records, gzip and zstd framing, and whole trees.
import { Readable } from 'node:stream';
import { crc32, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect } from 'vitest';
import { decompress } from '../../src/compression/decompress.ts';
import { detectCompression } from '../../src/compression/detect.ts';
import { ZstdFrames } from '../../src/compression/zstd-frames.ts';
import { UserError } from '../../src/errors.ts';
import { unpackLayers } from '../../src/rootfs/unpack.ts';
import { ArchiveReader } from '../../src/tar/archive-reader.ts';
import { readExtendedHeader } from '../../src/tar/pax-header.ts';
import { archive, base256, member, paxRecord } from '../support/tar-builder.ts';
import { isRoot, layerOf, newPlace, recordingLog, snapshot } from '../support/unpacking.ts';
import { fuzz, unlessRefused, unlessRejected } from './fuzzing.ts';
import { mutated, pieces, sizes } from './inputs.ts';

const archives = [
  archive(
    { name: 'directory/', type: '5' },
    { name: 'directory/file', content: 'content of a file'.repeat(40) },
    { name: 'link', type: '2', link: 'directory/file' },
    { name: 'hard', type: '1', link: 'directory/file' },
    { name: 'directory/.wh.gone' },
    { name: 'directory/.wh..wh..opq' },
  ),
  archive(
    { name: 'long', content: 'x', pax: { path: 'a/'.repeat(200), mtime: '123.456', size: '1', uid: '5' } },
    { name: 'big', dialect: 'gnu', uid: base256(5n, 8), content: 'y' },
    { name: 'x'.repeat(99), type: 'L', content: 'gnu/long/name'.repeat(20) },
    { name: 'short', content: 'z', prefix: 'prefix/of/the/name' },
    { name: 'fifo', type: '6' },
    { name: 'device', type: '3' },
  ),
  archive({
    name: 'sparse',
    pax: {
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 's',
      'GNU.sparse.realsize': '2048',
    },
    content: `1\n512\n512\n${'\0'.repeat(502)}${'d'.repeat(512)}`,
  }),
];
const words = [
  member({ name: '../../outside', content: 'evil' }),
  member({ name: 'directory', type: '2', link: '../outside' }),
  Buffer.alloc(512),
  paxRecord('path', '/etc/passwd'),
  'ustar\u000000',
];

/** Everything that a reader reports about an archive in pieces. */
function read(bytes: Buffer, pieceSizes: readonly number[]): string {
  const events: string[] = [];
  let content = 0;
  let checksum = 0;
  const reader = new ArchiveReader({
    begin: (entry) => events.push(JSON.stringify(entry)),
    content: (part) => {
      content += part.length;
      checksum = crc32(part, checksum);
    },
    end: () => {
      events.push(`${content} ${checksum}`);
      [content, checksum] = [0, 0];
    },
  });
  const complete = unlessRefused(() => {
    for (const piece of pieces(bytes, pieceSizes)) {
      reader.push(piece);
    }
    reader.finish();
    return true;
  });
  return `${events.join('\n')}\n${complete ?? `refused after ${content} ${checksum}`}`;
}

fuzz(
  'a tar archive is read or refused in the same way in pieces of any size',
  fc.tuple(mutated(archives, words), sizes),
  ([bytes, pieceSizes]) => {
    expect(read(bytes, pieceSizes)).toBe(read(bytes, []));
  },
);

const headers = [
  Buffer.concat([paxRecord('path', 'a/b'), paxRecord('mtime', '1.5'), paxRecord('SCHILY.xattr.user.a', 'x')]),
  Buffer.concat([paxRecord('GNU.sparse.offset', '0'), paxRecord('GNU.sparse.numbytes', '5')]),
];

fuzz(
  'a PAX extended header is read or refused',
  mutated(headers, [' ', '=', '\n', '\0', '+5', '999999999999999']),
  (bytes) => {
    const records = unlessRefused(() => readExtendedHeader(bytes));
    for (const keyword of records?.keys() ?? []) {
      expect(keyword).not.toBe('');
    }
  },
);

const plain = Buffer.from('some content, and '.repeat(300));
const gzips = [
  gzipSync(plain),
  gzipSync(Buffer.alloc(0)),
  Buffer.concat([gzipSync('first '), gzipSync(plain), Buffer.alloc(7)]),
];
const zstds = [
  zstdCompressSync(plain),
  Buffer.concat([
    zstdCompressSync('first '),
    Buffer.from('502a4d1803000000616263', 'hex'),
    zstdCompressSync(plain),
  ]),
];

async function decompressed(bytes: Buffer, pieceSizes: readonly number[]): Promise<string | undefined> {
  return await unlessRejected(async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of decompress(Readable.from(pieces(bytes, pieceSizes)))) {
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('latin1');
  });
}

/** What zlib makes of data that starts with gzip's or zstd's signature; undefined if it refuses the data. */
function reference(bytes: Buffer): string | undefined {
  const compression = detectCompression(bytes);
  if (compression === 'none') {
    return undefined;
  }
  try {
    return (compression === 'gzip' ? gunzipSync(bytes) : zstdDecompressSync(bytes)).toString('latin1');
  } catch {
    return undefined;
  }
}

fuzz(
  'compressed data is decompressed or refused in the same way in pieces of any size',
  fc.tuple(mutated([...gzips, ...zstds]), sizes),
  async ([bytes, pieceSizes]) => {
    const whole = await decompressed(bytes, []);
    expect(await decompressed(bytes, pieceSizes)).toBe(whole);
    const expected = reference(bytes);
    if (whole !== undefined && expected !== undefined) {
      expect(whole).toBe(expected);
    }
  },
  { share: 0.1 },
);

fuzz(
  'compressed data that is truncated is refused',
  fc.tuple(fc.constantFrom(gzipSync(plain), zstdCompressSync(plain)), fc.nat(), sizes),
  async ([bytes, end, pieceSizes]) => {
    const part = bytes.subarray(0, 5 + (end % (bytes.length - 5)));
    expect(await decompressed(part, pieceSizes)).toBeUndefined();
  },
  { share: 0.1 },
);

fuzz(
  'the frames of zstd data end at the same place in pieces of any size',
  fc.tuple(mutated(zstds), sizes),
  ([bytes, pieceSizes]) => {
    const [whole, inPieces] = [new ZstdFrames(), new ZstdFrames()];
    whole.push(bytes);
    for (const piece of pieces(bytes, pieceSizes)) {
      inPieces.push(piece);
    }
    expect(inPieces.complete).toBe(whole.complete);
  },
);

fuzz(
  'layers are unpacked or refused, and nothing outside of the root is changed',
  fc.array(mutated(archives, words), { minLength: 1, maxLength: 3 }),
  async (layers) => {
    const { directory, root, remove } = newPlace();
    try {
      const before = snapshot(directory, root);
      const options = { asRoot: isRoot, log: recordingLog().log };
      await unpackLayers(layers.map(layerOf), root, options).catch((error: unknown) => {
        expect(error).toBeInstanceOf(UserError);
      });
      expect(snapshot(directory, root)).toEqual(before);
    } finally {
      remove();
    }
  },
  { share: 0.05 },
);
