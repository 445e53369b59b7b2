// Values of users in messages.
import { expect, it } from 'vitest';
import { quote } from '../../src/policy/quote.ts';

it.each([
  ['plain characters', '1.2.x', '"1.2.x"'],
  ['quotes and backslashes', 'a"\\b', '"a\\"\\\\b"'],
  ['line ends', 'a\n\r\t\v\f\b\u0007', '"a\\n\\r\\t\\v\\f\\b\\a"'],
  ['other control characters', '\u0000\u001b\u007f', '"\\x00\\x1b\\x7f"'],
  ['letters of any script as they are', 'é日😀', '"é日😀"'],
  ['invisible spaces', '\u00a0\u2003\u200b\ufeff', '"\\u00a0\\u2003\\u200b\\ufeff"'],
  ['invisible characters beyond 16 bits', '\u{e0001}', '"\\U000e0001"'],
])('quotes %s', (_, text, expected) => {
  expect(quote(text)).toBe(expected);
});
