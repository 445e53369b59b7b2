// Digests: computed from bytes, and strict when they are parsed.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestHex, digestOf, finishDigest, isDigest, parseDigest } from '../../src/oci/digest.ts';

const good = 'sha256:c4c25c2cd70e3071f08cf124c4b5c656c061dd38247d166d97098d58eeea8aa6';

describe('digestOf', () => {
  it.each([
    ['{"fake":"manifest"}', good],
    ['{"fake":"outdated"}', 'sha256:f5361183777fc8973760829d7cd24c37e3fab6d86c8fe6ae42851c305805c01b'],
    ['', 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ])('hashes %j', (text, digest) => {
    expect(digestOf(text)).toBe(digest);
    expect(digestOf(Buffer.from(text))).toBe(digest);
  });

  it('hashes the bytes of a view, not those of its whole buffer', () => {
    const outer = Buffer.from('xx{"fake":"manifest"}yy');
    expect(digestOf(new Uint8Array(outer.buffer, outer.byteOffset + 2, 19))).toBe(good);
  });
});

describe('finishDigest', () => {
  it('returns the digest of everything that the hash was updated with', () => {
    expect(finishDigest(createHash('sha256').update('{"fake":').update('"manifest"}'))).toBe(good);
  });
});

describe('parseDigest', () => {
  it('accepts a well-formed digest', () => {
    expect(isDigest(good)).toBe(true);
    expect(parseDigest(good)).toBe(good);
    expect(digestHex(parseDigest(good))).toBe(good.slice(7));
  });

  it.each([
    [good.toUpperCase()],
    [`SHA256:${good.slice(7)}`],
    [good.slice(7)],
    [good.slice(0, -1)],
    [`${good}0`],
    [`${good}\n`],
    [` ${good}`],
    [good.replace('c4', 'g4')],
    [`sha512:${'0'.repeat(128)}`],
    ['sha256:../../../../etc/passwd'],
    [42],
    [null],
    [{}],
  ])('refuses %j and quotes it', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(`got ${JSON.stringify(text)}`);
  });

  it.each([[''], [undefined]])('says that %j is empty', (text) => {
    expect(() => parseDigest(text)).toThrow('it is empty');
  });
});
