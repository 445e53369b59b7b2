// Blocks that one stream deflates are independent of each other, and join to one deflate stream.
import { randomBytes } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { type BlockDeflater, createBlockDeflater } from '../../src/compression/block-deflater.ts';

const size = 64 * 1024;
const emptyLastBlock = Uint8Array.of(0x03, 0x00);

const blocks: readonly (readonly [string, Uint8Array])[] = [
  ['zeros', Buffer.alloc(size)],
  ['random bytes', randomBytes(size)],
  ['words', Buffer.from('a layer of an image, '.repeat(size / 21))],
  ['one byte', Buffer.from('x')],
];

function open(): BlockDeflater {
  const deflater = createBlockDeflater(1, size);
  onTestFinished(() => deflater.close());
  return deflater;
}

it.each(blocks)('deflates %s to the same bytes, whatever was deflated before', async (_, block) => {
  const first = Buffer.concat(await open().deflate(block));
  const deflater = open();
  for (const [, earlier] of blocks) {
    await deflater.deflate(earlier);
    expect(Buffer.concat(await deflater.deflate(block)).equals(first)).toBe(true);
  }
});

it('deflates blocks to chunks that join to one stream', async () => {
  const deflater = open();
  const chunks: Uint8Array[] = [];
  for (const [, block] of blocks) {
    chunks.push(...(await deflater.deflate(block)));
  }
  const whole = inflateRawSync(Buffer.concat([...chunks, emptyLastBlock]));
  expect(whole.equals(Buffer.concat(blocks.map(([, block]) => block)))).toBe(true);
});

it('fails the block that is being deflated when it is closed', async () => {
  const deflater = open();
  const deflated = deflater.deflate(randomBytes(size));
  deflater.close();
  await expect(deflated).rejects.toThrow();
});
