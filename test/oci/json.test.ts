// JSON is read and written as Go does it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJson, foldKey, isJsonObject, member, sortedMap } from '../../src/oci/json.ts';

describe('foldKey', () => {
  it.each(['mediaType', 'MEDIATYPE', 'mediatype'])('folds %s to the same key as mediaType', (key) => {
    expect(foldKey(key)).toBe(foldKey('mediaType'));
  });

  it('folds the long s and the Kelvin sign, and no other special letters', () => {
    expect(foldKey('di\u017fk_\u212aey')).toBe('disk_key');
    expect(foldKey('\u0131d')).not.toBe('id');
    expect(foldKey('\u0130d')).not.toBe('id');
    expect(foldKey('media_type')).not.toBe(foldKey('mediaType'));
  });
});

describe('member', () => {
  it('finds a key in any letter case, and the last one wins', () => {
    expect(member({ Digest: 'a', DIGEST: 'b' }, 'digest')).toBe('b');
    expect(member({ digest: 'a', DIGEST: 'b' }, 'digest')).toBe('b');
    expect(member({ DIGEST: 'b', digest: 'a' }, 'digest')).toBe('a');
  });

  it('ignores members of the prototype', () => {
    expect(member({}, 'constructor')).toBeUndefined();
    expect(member({}, 'toString')).toBeUndefined();
    const hostile = JSON.parse('{"__proto__":{"digest":"a"}}') as Record<string, unknown>;
    expect(member(hostile, 'digest')).toBeUndefined();
  });
});

describe('isJsonObject', () => {
  it.each([
    [{}, true],
    [{ a: 1 }, true],
    [null, false],
    [[], false],
    ['', false],
    [1, false],
    [undefined, false],
  ])('says of %j %s', (value, expected) => {
    expect(isJsonObject(value)).toBe(expected);
  });
});

describe('encodeJson', () => {
  it('writes compact JSON, keeps the order of keys and leaves out undefined members', () => {
    expect(encodeJson({ b: 1, a: [true, null, 'x', {}], c: undefined, d: { z: undefined } })).toBe(
      '{"b":1,"a":[true,null,"x",{}],"d":{}}',
    );
  });

  it('escapes five characters in values and keys', () => {
    expect(encodeJson({ '<': '<>&\u2028\u2029' })).toBe('{"\\u003c":"\\u003c\\u003e\\u0026\\u2028\\u2029"}');
  });

  it('writes control characters as Go does, and U+FFFD for lone surrogates', () => {
    expect(encodeJson('\b\f\n\r\t\u0000\u001f\u007f\u0085é😀')).toBe(
      '"\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\u0085é😀"',
    );
    expect(encodeJson({ 'k\udc00': 'a\ud800b' })).toBe('{"k\ufffd":"a\ufffdb"}');
  });

  it('writes what JSON.parse reads back unchanged', () => {
    const value = fc.jsonValue({ stringUnit: 'grapheme', noUnicodeString: false });
    fc.assert(
      fc.property(value, (written) => {
        const text = JSON.stringify(written);
        expect(JSON.parse(encodeJson(JSON.parse(text)))).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe('sortedMap', () => {
  it('orders keys by their UTF-8 bytes, also those that look like numbers', () => {
    const map = { '\ufb01': '5', '10': '2', '9': '3', '-': '1', '😀': '6', B: '4' };
    expect([...sortedMap(map).keys()]).toEqual(['-', '10', '9', 'B', '\ufb01', '😀']);
    expect(encodeJson(sortedMap({ '9': 'a', '10': 'b', '-': 'c' }))).toBe('{"-":"c","10":"b","9":"a"}');
  });

  it('keeps the key __proto__', () => {
    const map = JSON.parse('{"__proto__":"p","a":"b"}') as Record<string, string>;
    expect(encodeJson(sortedMap(map))).toBe('{"__proto__":"p","a":"b"}');
  });
});
