import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { checkSize, readDecimal, readNumber, readOctal, readTime } from '../../src/tar/number-field.ts';
import { base256 } from '../support/tar-builder.ts';

describe('readOctal', () => {
  it.each([
    ['0000644\0', 0o644],
    ['644', 0o644],
    ['  644 \0', 0o644],
    ['\x00\x00644\x00\x00', 0o644],
    ['', 0],
    ['   ', 0],
    ['12\x0034', 0o12],
    ['8', undefined],
    ['-7', undefined],
    ['0x7', undefined],
    ['1 2', undefined],
  ])('reads the field %j as Go does: %j', (text, expected) => {
    expect(readOctal(Buffer.from(text), 0, text.length)).toBe(expected);
  });
});

describe('readNumber', () => {
  it.each([
    ['a size above 8 GiB', base256(2n ** 40n, 12), 2 ** 40],
    ['a negative id', base256(-2n, 8), -2],
    ['a negative time', base256(-123456789n, 12), -123456789],
    ['the smallest number of 64 bits', base256(-(2n ** 63n), 12), -(2 ** 63)],
    ['a number of more than 64 bits', base256(2n ** 63n, 12), undefined],
    ['all bits set', Buffer.alloc(12, 0xff), -1],
    [
      'the largest number that does not fit',
      Buffer.concat([Buffer.from([0xbf]), Buffer.alloc(11, 0xff)]),
      undefined,
    ],
  ])('reads %s from a base-256 field', (_, bytes, expected) => {
    expect(readNumber(bytes, 0, bytes.length)).toBe(expected);
  });

  test('reads back every number written in base-256', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(readNumber(base256(BigInt(value), 12), 0, 12)).toBe(value);
      }),
    );
  });
});

describe('readDecimal', () => {
  it.each([
    ['0', 0],
    ['+7', 7],
    ['-7', -7],
    ['9223372036854775807', 2 ** 63],
    ['9223372036854775808', undefined],
    ['-9223372036854775809', undefined],
    ['', undefined],
    ['1e3', undefined],
    [' 1', undefined],
    ['0x10', undefined],
  ])('reads the decimal number %j as %j', (text, expected) => {
    expect(readDecimal(text)).toBe(expected);
  });
});

describe('readTime', () => {
  it.each([
    ['1350244992', 1350244992, 0],
    ['1350244992.023960108', 1350244992, 23960108],
    ['1350244992.0239601089999', 1350244992, 23960108],
    ['1350244992.5', 1350244992, 500000000],
    ['1350244992.', 1350244992, 0],
    ['-1.5', -1, -500000000],
    ['-0.5', 0, -500000000],
  ])('reads the time %s as %i seconds and %i nanoseconds', (text, seconds, nanoseconds) => {
    const time = readTime(text);
    expect(time && time.seconds + 0).toBe(seconds);
    expect(time?.nanoseconds).toBe(nanoseconds);
  });

  it.each(['', '.5', '1.2.3', '1.x', 'now', '1e9'])('refuses %j as a time', (text) => {
    expect(readTime(text)).toBeUndefined();
  });
});

test.each([undefined, -1, 2 ** 53, Number.POSITIVE_INFINITY])('checkSize refuses a size of %s', (size) => {
  expect(() => checkSize(size, '"x"')).toThrow('"x" has an impossible size');
});
