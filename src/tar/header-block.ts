// The header block of a member, 512 bytes: its format (v7, ustar, star, GNU) and its fields.
import { type ByteString, quoteName } from './byte-string.ts';
import { readNumber, readOctal } from './number-field.ts';
import { ArchiveError, type TarTime } from './tar-entry.ts';

/** Bytes of a block, the unit of archives. */
export const blockSize = 512;

/** The fields of a header block, before extended headers replace some. */
export interface HeaderBlock {
  readonly name: ByteString;
  readonly typeFlag: string;
  readonly linkName: ByteString;
  readonly mode: number;
  readonly userId: number;
  readonly groupId: number;
  readonly size: number;
  readonly modified: number;
  readonly accessed: TarTime | undefined;
  /** Whether it is in GNU's format. */
  readonly gnu: boolean;
  /** The block itself. */
  readonly block: Buffer;
}

const checksumStart = 148;
const checksumLength = 8;
const ustarMagic = 'ustar\0';
const gnuMagic = 'ustar  \0';
const starTrailer = 'tar\0';

/** The bytes up to the first NUL, or the whole field. */
function readString(block: Buffer, start: number, length: number): ByteString {
  const end = block.indexOf(0, start);
  return block.toString('latin1', start, end < 0 || end > start + length ? start + length : end);
}

/** POSIX adds unsigned bytes, Sun's tar added signed ones. The checksum itself counts as spaces. */
function hasValidChecksum(block: Buffer): boolean {
  let unsigned = checksumLength * 0x20;
  let negatives = 0;
  for (let at = 0; at < blockSize; at += 1) {
    if (at < checksumStart || at >= checksumStart + checksumLength) {
      const byte = block[at] ?? 0;
      unsigned += byte;
      negatives += byte >> 7;
    }
  }
  const stored = readOctal(block, checksumStart, checksumLength);
  return stored === unsigned || stored === unsigned - 256 * negatives;
}

function number(block: Buffer, start: number, length: number, field: string): number {
  const value = readNumber(block, start, length);
  if (value === undefined) {
    throw new ArchiveError(
      `the tar header of ${quoteName(readString(block, 0, 100))} has a malformed ${field}`,
    );
  }
  return value;
}

function isZero(block: Buffer, at: number): boolean {
  return block[at] === 0;
}

/** The bytes from 345 on depend on the format: a prefix of the name, or times. */
function readTail(block: Buffer, ustar: boolean): { prefix: ByteString; accessed: TarTime | undefined } {
  if (ustar && block.toString('latin1', 508, 512) === starTrailer) {
    const accessed = { seconds: number(block, 476, 12, 'access time'), nanoseconds: 0 };
    number(block, 488, 12, 'change time');
    return { prefix: readString(block, 345, 131), accessed };
  }
  if (ustar) {
    return { prefix: readString(block, 345, 155), accessed: undefined };
  }
  const access = isZero(block, 345) ? undefined : readNumber(block, 345, 12);
  const accessValid = isZero(block, 345) || access !== undefined;
  const changeValid = isZero(block, 357) || readNumber(block, 357, 12) !== undefined;
  if (accessValid && changeValid) {
    return { prefix: '', accessed: access === undefined ? undefined : { seconds: access, nanoseconds: 0 } };
  }
  // Go before 1.8, and so docker of that time, wrote a prefix where GNU headers have times.
  const prefix = readString(block, 345, 155);
  return { prefix: /[\u0080-\u00ff]/.test(prefix) ? '' : prefix, accessed: undefined };
}

/**
 * The fields of a header block (POSIX ustar; GNU and star as Go's archive/tar reads them).
 * Throws an `ArchiveError` when the checksum is wrong or a number is malformed.
 */
export function readHeaderBlock(block: Buffer): HeaderBlock {
  if (!hasValidChecksum(block)) {
    throw new ArchiveError('a tar header has a wrong checksum');
  }
  const gnu = block.toString('latin1', 257, 265) === gnuMagic;
  const ustar = block.toString('latin1', 257, 263) === ustarMagic;
  const ownName = readString(block, 0, 100);
  let prefix = '';
  let accessed: TarTime | undefined;
  if (gnu || ustar) {
    number(block, 329, 8, 'device number');
    number(block, 337, 8, 'device number');
    ({ prefix, accessed } = readTail(block, ustar));
  }
  return {
    name: prefix === '' ? ownName : `${prefix}/${ownName}`,
    typeFlag: block.toString('latin1', 156, 157),
    linkName: readString(block, 157, 100),
    mode: number(block, 100, 8, 'mode'),
    userId: number(block, 108, 8, 'user id'),
    groupId: number(block, 116, 8, 'group id'),
    size: number(block, 124, 12, 'size'),
    modified: number(block, 136, 12, 'modification time'),
    accessed,
    gnu,
    block,
  };
}
