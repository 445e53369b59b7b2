import { lstatSync, lutimesSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, test } from 'vitest';
import { fileTime } from '../../src/rootfs/file-attributes.ts';

const directory = mkdtempSync(join(tmpdir(), 'file-time-'));
const file = join(directory, 'file');
writeFileSync(file, '');
afterAll(() => rmSync(directory, { recursive: true }));

function stored(seconds: number, nanoseconds: number): bigint {
  const time = fileTime({ seconds, nanoseconds });
  lutimesSync(file, time, time);
  return lstatSync(file, { bigint: true }).mtimeNs;
}

describe('fileTime', () => {
  it.each([
    [0, 0],
    [675_927_030, 0],
    [1_234_567_890, 1000],
    [1_700_000_000, 123_456_789],
    [1_700_000_000, 999_999_999],
    [4_000_000_000, 7000],
    [1, 999_999_999],
  ])('keeps the microsecond of %i seconds and %i nanoseconds', (seconds, nanoseconds) => {
    const exact = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    expect(stored(seconds, nanoseconds) / 1000n).toBe(exact / 1000n);
  });

  it.each([
    [-5, 0, -5_000_000_000n],
    [-1, -500_000_000, -1_500_000_000n],
    [0, -250_000_000, -250_000_000n],
  ])(
    'does not turn a time before the epoch into now: %i seconds, %i nanoseconds',
    (seconds, nanoseconds, expected) => {
      expect(stored(seconds, nanoseconds)).toBe(expected);
    },
  );

  it('accepts times that no file system can store', () => {
    expect(() => stored(2 ** 63, 0)).not.toThrow();
    expect(() => stored(-(2 ** 63), 0)).not.toThrow();
  });

  test('keeps the microsecond of every time of this and the next century', () => {
    fc.assert(
      fc.property(fc.nat(4_200_000_000), fc.nat(999_999_999), (seconds, nanoseconds) => {
        const exact = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
        expect(stored(seconds, nanoseconds) / 1000n).toBe(exact / 1000n);
      }),
    );
  });
});
