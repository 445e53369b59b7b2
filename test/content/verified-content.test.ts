import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { verifyBytes, verifyContent } from '../../src/content/verified-content.ts';
import { UserError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';

const text = 'content of a blob';
const expected = { size: text.length, digest: digestOf(text) };
const other = digestOf('another');

function streamOf(...chunks: string[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
}

describe('the verification of a stream', () => {
  it('passes content that matches its descriptor, whatever the chunks', async () => {
    expect(
      (await buffer(verifyContent(streamOf('content ', 'of ', 'a blob'), expected, 'it'))).toString(),
    ).toBe(text);
  });

  it('passes empty content of size 0', async () => {
    const empty = { size: 0, digest: digestOf('') };
    expect(await buffer(verifyContent(Readable.from([]), empty, 'it'))).toHaveLength(0);
  });

  it.each([
    ['other bytes', text.toUpperCase(), /digest mismatch: received sha256:\w{64}, requested sha256:\w{64}/],
    ['too few bytes', 'content', /size mismatch: received 7 bytes, requested 17 bytes/],
    ['too many bytes', `${text}!`, /size mismatch: received more than 17 bytes, requested 17 bytes/],
  ])('fails for %s', async (_case, given, message) => {
    const failed = buffer(verifyContent(streamOf(given), expected, 'layer x'));
    await expect(failed).rejects.toThrow(UserError);
    await expect(failed).rejects.toThrow(/^layer x: /);
    await expect(failed).rejects.toThrow(message);
  });

  it('names the received and the requested digest', async () => {
    const failed = buffer(verifyContent(streamOf(text), { ...expected, digest: other }, 'it'));
    await expect(failed).rejects.toThrow(`received ${expected.digest}, requested ${other}`);
  });

  it('stops reading a stream that is too long', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) {
          yield Buffer.alloc(1024);
        }
      })(),
    );
    await expect(buffer(verifyContent(endless, expected, 'it'))).rejects.toThrow('more than 17 bytes');
    expect(endless.destroyed).toBe(true);
  });

  it('fails with the error of the stream', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('reset'));
      },
    });
    await expect(buffer(verifyContent(broken, expected, 'it'))).rejects.toThrow('reset');
  });

  it('destroys the stream when the consumer stops', async () => {
    const source = streamOf('content ', 'of a blob');
    const closed = new Promise((resolve) => source.once('close', resolve));
    for await (const chunk of verifyContent(source, expected, 'it')) {
      expect(chunk.toString()).toBe('content ');
      break;
    }
    await closed;
    expect(source.destroyed).toBe(true);
  });
});

describe('the verification of bytes', () => {
  it('returns them when they match', () => {
    const bytes = Buffer.from(text);
    expect(verifyBytes(bytes, expected, 'it')).toBe(bytes);
  });

  it.each([
    ['digest', text.toUpperCase()],
    ['size', `${text}!`],
  ])('fails for another %s', (what, given) => {
    expect(() => verifyBytes(Buffer.from(given), expected, 'it')).toThrow(`it: ${what} mismatch`);
  });
});
