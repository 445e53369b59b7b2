// The map of a sparse file: GNU sparse formats 0.0, 0.1 and 1.0 in pax archives, and the old one of type `S`.
import { maximumSparseMap } from '../limits.ts';
import { blockSize } from './header-block.ts';
import { readDecimal, readNumber } from './number-field.ts';
import { type ExtendedRecords, sparseMapKeyword } from './pax-header.ts';
import { ArchiveError, type SparseRun, TruncatedArchiveError } from './tar-entry.ts';

/** Where the map of a sparse file is: in the extended header (0.0, 0.1), or before the content (1.0). */
export type SparseFormat = 'header' | 'content';

/** The format that the records name or imply; `undefined` when the file is not sparse, or of a version unknown to Go. */
export function sparseFormat(records: ExtendedRecords): SparseFormat | undefined {
  const major = records.get('GNU.sparse.major') ?? '';
  const minor = records.get('GNU.sparse.minor') ?? '';
  if (major === '0' && (minor === '0' || minor === '1')) {
    return 'header';
  }
  if (major === '1' && minor === '0') {
    return 'content';
  }
  const unversioned = major === '' && minor === '' && (records.get(sparseMapKeyword) ?? '') !== '';
  return unversioned ? 'header' : undefined;
}

function malformed(): ArchiveError {
  return new ArchiveError('a tar archive has a malformed map of a sparse file');
}

function runsOf(numbers: readonly string[]): SparseRun[] {
  const runs: SparseRun[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    const offset = readDecimal(numbers[index] ?? '');
    const length = readDecimal(numbers[index + 1] ?? '');
    if (offset === undefined || length === undefined) {
      throw malformed();
    }
    runs.push({ offset, length });
  }
  return runs;
}

/** The runs that the records list (formats 0.0 and 0.1). */
export function readHeaderMap(records: ExtendedRecords): SparseRun[] {
  const text = records.get(sparseMapKeyword) ?? '';
  const numbers = text === '' ? [] : text.split(',');
  const count = readDecimal(records.get('GNU.sparse.numblocks') ?? '');
  if (count === undefined || numbers.length !== 2 * count) {
    throw malformed();
  }
  return runsOf(numbers);
}

/**
 * The runs before the content (format 1.0): decimal numbers in lines, padded to whole blocks. Yields the number of
 * bytes to read next; returns the runs and the length of the map in bytes.
 */
export function* readContentMap(
  storedSize: number,
): Generator<number, { runs: SparseRun[]; length: number }, Buffer> {
  let text = '';
  let lines = 0;
  let wanted = 1;
  while (lines < wanted) {
    if (text.length + blockSize > maximumSparseMap) {
      throw malformed();
    }
    const block = text.length + blockSize > storedSize ? Buffer.alloc(0) : yield blockSize;
    if (block.length < blockSize) {
      throw new TruncatedArchiveError('a tar archive ends in the map of a sparse file');
    }
    for (const byte of block) {
      lines += byte === 0x0a ? 1 : 0;
    }
    text += block.toString('latin1');
    if (wanted === 1 && lines > 0) {
      const count = readDecimal(text.slice(0, text.indexOf('\n')));
      if (count === undefined || count < 0) {
        throw malformed();
      }
      wanted += 2 * count;
    }
  }
  return { runs: runsOf(text.split('\n').slice(1, wanted)), length: text.length };
}

/** The runs in a block of the old format: `count` pairs of offset and length, ended by a NUL. */
function readOldRuns(block: Buffer, start: number, count: number): SparseRun[] {
  const runs: SparseRun[] = [];
  for (let at = start; at < start + count * 24 && block[at] !== 0; at += 24) {
    const offset = readNumber(block, at, 12);
    const length = readNumber(block, at + 12, 12);
    if (offset === undefined || length === undefined) {
      throw malformed();
    }
    runs.push({ offset, length });
  }
  return runs;
}

/**
 * The map of an old GNU sparse file: the full size and the first runs are in the header block, more runs in blocks after
 * it, as in Go's archive/tar. Yields the number of bytes to read next.
 */
export function* readOldMap(
  header: Buffer,
): Generator<number, { runs: SparseRun[]; size: number | undefined }, Buffer> {
  const runs = readOldRuns(header, 386, 4);
  let length = 0;
  for (let continues = header[482] !== 0; continues; ) {
    const block = yield blockSize;
    length += blockSize;
    if (block.length < blockSize) {
      throw new TruncatedArchiveError('a tar archive ends in the map of a sparse file');
    }
    if (length > maximumSparseMap) {
      throw malformed();
    }
    runs.push(...readOldRuns(block, 0, 21));
    continues = block[504] !== 0;
  }
  return { runs, size: readNumber(header, 483, 12) };
}

/** Throws an `ArchiveError` unless the runs ascend without overlap within `size` bytes and add up to `storedSize`. */
export function checkSparseRuns(runs: readonly SparseRun[], size: number, storedSize: number): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of runs) {
    if (length < 0 || offset < end || offset + length > size) {
      throw malformed();
    }
    end = offset + length;
    total += length;
  }
  if (total !== storedSize) {
    throw malformed();
  }
}
