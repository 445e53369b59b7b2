import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ContentSource } from '../../src/content/content-graph.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import type { Progress, Transfer } from '../../src/transfer/progress.ts';
import { shortDigest, watchChunks, watchContent, watchStream } from '../../src/transfer/watched-content.ts';

/** A transfer that keeps what it is told: numbers are bytes. */
function recordedTransfer() {
  const told: (number | string)[] = [];
  const transfer: Transfer = {
    advance: (bytes) => told.push(bytes),
    done: () => told.push('done'),
    stop: () => told.push('stop'),
  };
  return { told, transfer };
}

describe('a watched stream', () => {
  it('gives the same bytes and tells of them', async () => {
    const { told, transfer } = recordedTransfer();
    const stream = watchStream(Readable.from([Buffer.from('one'), Buffer.from('more')]), transfer);
    expect(String(await buffer(stream))).toBe('onemore');
    expect(told.slice(0, 3)).toEqual([3, 4, 'done']);
  });

  it('fails with the error of the stream, and is not done', async () => {
    const { told, transfer } = recordedTransfer();
    const broken = new Error('broken');
    const source = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw broken;
      })(),
    );
    await expect(buffer(watchStream(source, transfer))).rejects.toBe(broken);
    expect(told).toEqual([4, 'stop']);
  });

  it('destroys the stream when it is destroyed', async () => {
    const { told, transfer } = recordedTransfer();
    const source = new PassThrough();
    const closed = new Promise((resolve) => source.on('close', resolve));
    watchStream(source, transfer).destroy();
    await closed;
    expect(told).toEqual(['stop']);
  });
});

describe('watched chunks', () => {
  const chunks = async function* () {
    yield Buffer.from('one');
    yield Buffer.from('more');
  };

  it('are the same', async () => {
    const { told, transfer } = recordedTransfer();
    expect(String(Buffer.concat(await Array.fromAsync(watchChunks(chunks(), transfer))))).toBe('onemore');
    expect(told.slice(0, 3)).toEqual([3, 4, 'done']);
  });

  it('are not done when somebody stops taking them', async () => {
    const { told, transfer } = recordedTransfer();
    for await (const _chunk of watchChunks(chunks(), transfer)) {
      break;
    }
    expect(told).toEqual([3, 'stop']);
  });
});

describe('watched content', () => {
  it('tells of each opening of a blob, and leaves manifests alone', async () => {
    const bytes = Buffer.from('layer');
    const descriptor = { mediaType: mediaTypes.ociManifest, size: bytes.length, digest: digestOf(bytes) };
    const source: ContentSource = {
      name: 'source',
      root: descriptor,
      async *nodes() {
        const open = async () => Readable.from([bytes]);
        yield { descriptor, kind: 'blob', open };
        yield { descriptor, kind: 'manifest', open };
      },
    };
    const started: [string, number][] = [];
    const progress: Progress = {
      start(...transfer) {
        started.push(transfer);
        return recordedTransfer().transfer;
      },
    };
    const watched = watchContent(source, progress);
    expect(watched.root).toBe(descriptor);
    const [blob, manifest] = await Array.fromAsync(watched.nodes(async () => false));
    expect(started).toEqual([]);
    for (const node of [blob, manifest, blob]) {
      expect(node && (await buffer(await node.open()))).toEqual(bytes);
    }
    const name = shortDigest(descriptor.digest);
    expect(name).toMatch(/^[0-9a-f]{12}$/);
    expect(started).toEqual([
      [name, 5],
      [name, 5],
    ]);
  });
});
