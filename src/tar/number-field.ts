// Numbers and times in tar archives: octal or base-256 in header blocks, decimal in extended headers.
import { ArchiveError, type TarTime } from './tar-entry.ts';

const nul = 0;
const space = 0x20;
const largestInteger = 2n ** 63n - 1n;
const smallestInteger = -(2n ** 63n);

/** The value of an octal field, 0 for a blank one, as in Go's archive/tar; `undefined` when it is malformed. */
export function readOctal(block: Uint8Array, start: number, length: number): number | undefined {
  let from = start;
  let to = start + length;
  while (from < to && (block[from] === space || block[from] === nul)) {
    from += 1;
  }
  while (to > from && (block[to - 1] === space || block[to - 1] === nul)) {
    to -= 1;
  }
  let value = 0;
  for (let at = from; at < to && block[at] !== nul; at += 1) {
    const digit = (block[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) {
      return undefined;
    }
    value = value * 8 + digit;
  }
  return value;
}

/**
 * The value of a number field: octal, or base-256 in two's complement when the first bit is set, as GNU tar writes large
 * and negative numbers. `undefined` when it is malformed or needs more than 64 bits. Exact up to 2^53.
 */
export function readNumber(block: Uint8Array, start: number, length: number): number | undefined {
  const first = block[start] ?? 0;
  if ((first & 0x80) === 0) {
    return readOctal(block, start, length);
  }
  const negative = (first & 0x40) !== 0;
  let value = 0n;
  for (let index = 0; index < length; index += 1) {
    const byte = block[start + index] ?? 0;
    const bits = (negative ? byte ^ 0xff : byte) & (index === 0 ? 0x7f : 0xff);
    value = value * 256n + BigInt(bits);
  }
  if (value > largestInteger) {
    return undefined;
  }
  return Number(negative ? -value - 1n : value);
}

/** A decimal number of an extended header; `undefined` when malformed or longer than 64 bits. Exact up to 2^53. */
export function readDecimal(text: string): number | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) {
    return undefined;
  }
  if (text.length <= 15) {
    return Number(text);
  }
  const value = BigInt(text.replace(/^\+/, ''));
  return value > largestInteger || value < smallestInteger ? undefined : Number(value);
}

/** A time of an extended header (POSIX pax, "mtime"): decimal seconds, of whose fraction nine digits count. */
export function readTime(text: string): TarTime | undefined {
  const dot = text.indexOf('.');
  const seconds = readDecimal(dot < 0 ? text : text.slice(0, dot));
  const fraction = dot < 0 ? '' : text.slice(dot + 1);
  if (seconds === undefined || !/^[0-9]*$/.test(fraction)) {
    return undefined;
  }
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  return { seconds, nanoseconds: text.startsWith('-') ? -nanoseconds : nanoseconds };
}

/** The size when it is exact and not negative; else an `ArchiveError` that names the `subject`. */
export function checkSize(size: number | undefined, subject: string): number {
  if (size === undefined || size < 0 || !Number.isSafeInteger(size)) {
    throw new ArchiveError(`${subject} has an impossible size`);
  }
  return size;
}
