import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeQuery, escapeQuery, parseQuery } from '../../src/transport/url-query.ts';

describe('parseQuery and encodeQuery', () => {
  it.each([
    ['b=2&a=1', 'a=1&b=2'],
    ['a=2&b=0&a=1', 'a=2&a=1&b=0'],
    ['a', 'a='],
    ['=x', '=x'],
    ['a=b=c', 'a=b%3Dc'],
    ['&&a=1&', 'a=1'],
    ['a=x y', 'a=x+y'],
    ['a=x+y%20z', 'a=x+y+z'],
    ['a=%zz&b=1', 'b=1'],
    ['a%=1&b=1', 'b=1'],
    ['a=1;b=2&c=3', 'c=3'],
    ['a=%ff', 'a=%FF'],
    ['a=ü', 'a=%C3%BC'],
    ["a=!'()*~-._", 'a=%21%27%28%29%2A~-._'],
    ['%62=1&a=1', 'a=1&b=1'],
    ['~=1&%C3%BC=1&{=1', '%7B=1&~=1&%C3%BC=1'],
    ['', ''],
  ])('turn %j into %j', (text, written) => {
    expect(encodeQuery(parseQuery(text))).toBe(written);
  });

  it('return any key and value', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (key, value) => {
        fc.pre(key.isWellFormed() && value.isWellFormed());
        const written = `${escapeQuery(key)}=${escapeQuery(value)}`;
        expect(encodeQuery(parseQuery(written))).toBe(written);
        expect([...new URLSearchParams(written)]).toEqual([[key, value]]);
      }),
    );
  });
});
