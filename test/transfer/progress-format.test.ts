import { describe, expect, it } from 'vitest';
import {
  barLines,
  formatBar,
  formatDuration,
  formatSize,
  plainLine,
} from '../../src/transfer/progress-format.ts';
import { advanced, ended, measured, waitingTransfer } from '../../src/transfer/transfer-state.ts';

const mebibyte = 1024 ** 2;

/** A transfer that has moved this many of three mebibytes, one mebibyte a second. */
function moving(name: string, bytes: number) {
  const begun = advanced(waitingTransfer(name, 3 * mebibyte), bytes, 1000);
  return measured(begun, 1000 + (bytes * 1000) / mebibyte);
}

/** A line without the colour of its name. */
function plain(line: string): string {
  return line.replace('\x1b[90m', '').replace('\x1b[0m', '');
}

describe('sizes', () => {
  it.each([
    [0, '0.0b'],
    [115, '115.0b'],
    [1023, '1023.0b'],
    [1024, '1.0KiB'],
    [1.5 * mebibyte, '1.5MiB'],
    [mebibyte - 1, '1.0MiB'],
    [350 * mebibyte, '350.0MiB'],
    [1024 ** 3, '1.0GiB'],
    [2.25 * 1024 ** 4, '2.3TiB'],
    [5000 * 1024 ** 4, '5000.0TiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('durations', () => {
  it.each([
    [0, '0:00'],
    [1, '0:01'],
    [7_000, '0:07'],
    [59_001, '1:00'],
    [3_599_000, '59:59'],
    [3_600_000, '1:00:00'],
    [99 * 3_600_000 + 61_000, '99:01:01'],
    [100 * 3_600_000, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ])('%d ms are %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe('a bar', () => {
  it.each([
    [0, '[----------]'],
    [0.05, '[----------]'],
    [0.1, '[>---------]'],
    [0.5, '[====>-----]'],
    [0.999, '[========>-]'],
    [1, '[==========]'],
    [1.5, '[==========]'],
    [-1, '[----------]'],
  ])('at %d is %s', (part, text) => {
    expect(formatBar(part, 12)).toBe(text);
  });
});

describe('the line of a transfer', () => {
  const name = 'e3b0c44298fc';

  it.each([
    ['waits', waitingTransfer(name, 3 * mebibyte), '[--------------------]         0.0b/3.0MiB'],
    [
      'moves: bytes, rate and time left',
      moving(name, 1.5 * mebibyte),
      '[=========>----------]       1.5MiB/3.0MiB    1.0MiB/s  0:02 left',
    ],
    [
      'moves, how fast is not known yet',
      advanced(waitingTransfer(name, 3 * mebibyte), 1, 1000),
      '[--------------------]         1.0b/3.0MiB              -:-- left',
    ],
    [
      'is done: the rate and the time of the whole',
      ended(advanced(waitingTransfer(name, 3 * mebibyte), 3 * mebibyte, 1000), 'done', 4000),
      '[====================]       3.0MiB/3.0MiB    1.0MiB/s    in 3.0s',
    ],
    [
      'took long',
      ended(advanced(waitingTransfer(name, mebibyte), mebibyte, 0), 'done', 125_000),
      '[====================]       1.0MiB/1.0MiB    8.2KiB/s    in 2:05',
    ],
    [
      'has stopped where it was',
      ended(moving(name, 1.5 * mebibyte), 'stopped', 9999),
      '[=========>----------]       1.5MiB/3.0MiB                stopped',
    ],
    [
      'is empty and done',
      ended(waitingTransfer(name, 0), 'done', 1),
      '[====================]           0.0b/0.0b                in 0.0s',
    ],
  ])('that %s', (_what, transfer, text) => {
    expect(barLines([transfer], 78)).toEqual([`\x1b[90m${name}\x1b[0m ${text}`]);
  });

  it('leaves room for the longest name', () => {
    const lines = barLines([waitingTransfer('compress 10/12', 1), moving(name, mebibyte)], 100);
    expect(lines.map((line) => plain(line).indexOf('['))).toEqual([15, 15]);
  });

  it.each([20, 40, 60, 70, 79, 200])('is never wider than %d characters', (width) => {
    const lines = barLines([moving(name, mebibyte), moving('compress 1/2', 2 * mebibyte)], width);
    for (const line of lines) {
      expect(plain(line).length).toBeLessThanOrEqual(width);
      expect(plain(line)).not.toContain('\x1b');
    }
  });
});

describe('the plain line', () => {
  it('names the running transfers, without escape sequences', () => {
    const transfers = [
      moving('aaaaaaaaaaaa', 1.5 * mebibyte),
      waitingTransfer('bbbbbbbbbbbb', 1),
      moving('cccccccccccc', 2 * mebibyte),
    ];
    expect(plainLine(transfers)).toBe(
      'aaaaaaaaaaaa 1.5MiB/3.0MiB 1.0MiB/s 0:02 left, cccccccccccc 2.0MiB/3.0MiB 1.0MiB/s 0:01 left',
    );
  });

  it('is undefined while nothing moves', () => {
    expect(plainLine([waitingTransfer('aaaaaaaaaaaa', 1)])).toBeUndefined();
  });
});
