import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ContentSource } from '../../src/content/content-graph.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import type { Progress, Transfer } from '../../src/transfer/progress.ts';
import { shortDigest, watchChunks, watchContent, watchStream } from '../../src/transfer/watched-content.ts';

/** A transfer that records its calls: numbers are bytes. */
function recordedTransfer() {
  const calls: (number | string)[] = [];
  const transfer: Transfer = {
    advance: (bytes) => calls.push(bytes),
    done: () => calls.push('done'),
    stop: () => calls.push('stop'),
  };
  return { calls, transfer };
}

describe('a watched stream', () => {
  it('has the same bytes and reports them', async () => {
    const { calls, transfer } = recordedTransfer();
    const stream = watchStream(Readable.from([Buffer.from('one'), Buffer.from('more')]), transfer);
    expect(String(await buffer(stream))).toBe('onemore');
    expect(calls.slice(0, 3)).toEqual([3, 4, 'done']);
  });

  it('fails with the error of the stream, and is not done', async () => {
    const { calls, transfer } = recordedTransfer();
    const broken = new Error('broken');
    const source = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw broken;
      })(),
    );
    await expect(buffer(watchStream(source, transfer))).rejects.toBe(broken);
    expect(calls).toEqual([4, 'stop']);
  });

  it('destroys the stream when it is destroyed', async () => {
    const { calls, transfer } = recordedTransfer();
    const source = new PassThrough();
    const closed = new Promise((resolve) => source.on('close', resolve));
    watchStream(source, transfer).destroy();
    await closed;
    expect(calls).toEqual(['stop']);
  });
});

describe('watched chunks', () => {
  const chunks = async function* () {
    yield Buffer.from('one');
    yield Buffer.from('more');
  };

  it('are the same', async () => {
    const { calls, transfer } = recordedTransfer();
    expect(String(Buffer.concat(await Array.fromAsync(watchChunks(chunks(), transfer))))).toBe('onemore');
    expect(calls.slice(0, 3)).toEqual([3, 4, 'done']);
  });

  it('are not done when the consumer stops', async () => {
    const { calls, transfer } = recordedTransfer();
    for await (const _chunk of watchChunks(chunks(), transfer)) {
      break;
    }
    expect(calls).toEqual([3, 'stop']);
  });
});

describe('watched content', () => {
  it('reports each opening of a blob, but not of manifests', async () => {
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
