// Unpacking that is aborted: it stops wherever it is, leaves an empty directory, and throws the signal's reason.
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { type UnpackLayer, unpackLayers } from '../../src/rootfs/unpack.ts';
import { archive, header, member } from '../support/tar-builder.ts';
import { isRoot, layerOf, newPlace, recordingLog, tree } from '../support/unpacking.ts';

const reason = new Error('SIGTERM');

let place: ReturnType<typeof newPlace>;
let controller: AbortController;
beforeEach(() => {
  place = newPlace();
  controller = new AbortController();
});
afterEach(() => place.remove());

function unpack(...layers: UnpackLayer[]): Promise<unknown> {
  const { signal } = controller;
  return unpackLayers(layers, place.root, { asRoot: isRoot, log: recordingLog().log, signal }).then(
    () => 'unpacked',
    (error) => error,
  );
}

function layerFrom(source: () => AsyncGenerator<Buffer>): UnpackLayer & { readonly streams: Readable[] } {
  const streams: Readable[] = [];
  const open = async () => {
    const stream = Readable.from(source());
    streams.push(stream);
    return stream;
  };
  return { digest: digestOf('layer'), open, streams };
}

/** Pieces without end; the signal aborts when so many of them have been read. */
async function* endless(piece: Buffer, count: number): AsyncGenerator<Buffer> {
  for (let number = 0; ; number += 1) {
    if (number === count) {
      controller.abort(reason);
    }
    yield piece;
  }
}

/** The pieces, then nothing: neither more bytes nor an end. The signal aborts as soon as that is waited for. */
async function* silentAfter(...pieces: Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
  setImmediate(() => controller.abort(reason));
  await new Promise(() => {});
}

it.each<[string, () => AsyncGenerator<Buffer>]>([
  ['between entries', () => endless(member({ name: 'a', content: 'x'.repeat(40_000) }), 60)],
  [
    'inside a large entry',
    async function* () {
      yield header({ name: 'huge', size: 8 ** 11 - 1 });
      yield* endless(Buffer.alloc(100_000, 'x'), 60);
    },
  ],
  ['while it waits for content', () => silentAfter(member({ name: 'a' }))],
  [
    'while it waits for compressed content',
    () => silentAfter(gzipSync(member({ name: 'a' })).subarray(0, -9)),
  ],
  ['while it waits for the source to end after the archive has', () => silentAfter(archive({ name: 'a' }))],
])('unpacking that is aborted %s stops, closes the source and leaves nothing', async (_, source) => {
  const layer = layerFrom(source);
  expect(await unpack(layerOf(archive({ name: 'lower' })), layer)).toBe(reason);
  expect(tree(place.root)).toEqual({});
  expect(layer.streams.map(({ destroyed }) => destroyed)).toEqual([true]);
});

it('unpacking that is aborted while a layer is opened does not wait for it, and closes it when it comes', async () => {
  const opened = Promise.withResolvers<Readable>();
  const late: UnpackLayer = {
    digest: digestOf('late'),
    open: () => {
      setImmediate(() => controller.abort(reason));
      return opened.promise;
    },
  };
  expect(await unpack(layerOf(archive({ name: 'lower' })), late)).toBe(reason);
  expect(tree(place.root)).toEqual({});
  const stream = new Readable({ read: () => {} });
  const closed = new Promise((resolve) => stream.once('close', resolve));
  opened.resolve(stream);
  await closed;
});

it('unpacking that is aborted before it begins creates no directory and opens no layer', async () => {
  controller.abort(reason);
  const layer = layerFrom(() => endless(Buffer.alloc(512), 1));
  expect(await unpack(layer)).toBe(reason);
  expect(existsSync(place.root)).toBe(false);
  expect(layer.streams).toEqual([]);
});

it('an abort after the last layer has no effect', async () => {
  expect(await unpack(layerOf(archive({ name: 'a' })))).toBe('unpacked');
  controller.abort(reason);
  expect(Object.keys(tree(place.root))).toEqual(['a']);
});
