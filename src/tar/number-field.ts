// Numbers as archives write them: octal or base-256 in header fields, decimal in extended headers.
import { ArchiveError, type TarTime } from './tar-entry.ts';

const nul = 0;
const space = 0x20;
const largestInteger = 2n ** 63n - 1n;
const smallestInteger = -(2n ** 63n);

/** An octal field, blank meaning 0, as Go's archive/tar trims and reads it; `undefined` when it is none. */
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
 * A number field, octal or (first bit set) base-256 in two's complement, as GNU tar writes large and negative
 * numbers. `undefined` when it is neither or needs more than 64 bits. Exact up to 2^53.
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

/** A decimal number of at most 64 bits as in an extended header; `undefined` when it is none. Exact up to 2^53. */
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

/** A time in an extended header (POSIX pax, "mtime"): decimal seconds with a fraction; digits behind the ninth are cut. */
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

/** A size that can be counted exactly; anything else is an error that names the `subject`. */
export function checkSize(size: number | undefined, subject: string): number {
  if (size === undefined || size < 0 || !Number.isSafeInteger(size)) {
    throw new ArchiveError(`${subject} has an impossible size`);
  }
  return size;
}
