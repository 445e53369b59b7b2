// The canonical form of JSON documents that are signed.
import { expect, it } from 'vitest';
import { canonicalJson } from '../../src/notary/canonical-json.ts';

it.each<[unknown, string]>([
  [{ b: 1, a: [true, null, 'x'], A: {} }, '{"A":{},"a":[true,null,"x"],"b":1}'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['<é>\n\u2028', '"<é>\n\u2028"'],
  [{ '\u{10000}': 1, '\uffff': 2 }, '{"\uffff":2,"\u{10000}":1}'],
  [{ a: undefined, b: -7 }, '{"b":-7}'],
])('encodes %j', (value, text) => {
  expect(canonicalJson(value)).toBe(text);
});

it.each([1.5, Number.NaN, 2 ** 60])('refuses the number %d', (value) => {
  expect(() => canonicalJson({ value })).toThrow('whole numbers only');
});
