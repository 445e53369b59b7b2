// The tar format without input or output: header blocks in, entries out, up to the end marker.
import { maximumExtendedHeader } from '../limits.ts';
import { type ByteString, quoteName } from './byte-string.ts';
import { blockSize, type HeaderBlock, readHeaderBlock } from './header-block.ts';
import { checkSize, readDecimal, readTime } from './number-field.ts';
import { type ExtendedRecords, extendedAttributes, readExtendedHeader } from './pax-header.ts';
import { checkSparseRuns, readContentMap, readHeaderMap, readOldMap, sparseFormat } from './sparse-map.ts';
import {
  ArchiveError,
  type EntryType,
  type TarEntry,
  type TarTime,
  TruncatedArchiveError,
} from './tar-entry.ts';

const types: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  // A contiguous file. Linux has no such type, and tar programs unpack it as a regular file (POSIX ustar).
  '7': 'file',
};

/** What the parser asks for: a number of bytes, or that the `storedSize` bytes of an entry are consumed. */
export type ParserRequest = number | TarEntry;

/** What the headers before an entry's own header say about it. */
interface Announced {
  records: ExtendedRecords;
  longName: ByteString;
  longLink: ByteString;
}

function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function untilNul(body: Buffer): ByteString {
  const end = body.indexOf(0);
  return body.toString('latin1', 0, end < 0 ? body.length : end);
}

function truncated(where: string): TruncatedArchiveError {
  return new TruncatedArchiveError(`the tar archive ends in the middle of ${where}`);
}

/** The next header, or `undefined` at the end: two blocks of zeros, or no more bytes where a header may start. */
function* nextHeader(): Generator<number, HeaderBlock | undefined, Buffer> {
  for (let zeroBlocks = 0; zeroBlocks < 2; zeroBlocks += 1) {
    const block = yield blockSize;
    if (block.length === 0) {
      return undefined;
    }
    if (block.length < blockSize) {
      throw truncated('a header');
    }
    if (block.some((byte) => byte !== 0)) {
      if (zeroBlocks > 0) {
        throw new ArchiveError('the tar archive continues after a single block of zeros');
      }
      return readHeaderBlock(block);
    }
  }
  return undefined;
}

function* body(header: HeaderBlock): Generator<number, Buffer, Buffer> {
  if (header.size > maximumExtendedHeader) {
    throw new ArchiveError(`the tar archive has an extended header of ${header.size} bytes`);
  }
  const bytes = yield header.size;
  if (bytes.length < header.size) {
    throw truncated('an extended header');
  }
  return bytes;
}

/** The value of a record through `read`, or the header's own value when the record is missing or empty. */
function override<T, H>(
  records: ExtendedRecords,
  keyword: string,
  read: (text: string) => T | undefined,
  own: H,
): T | H {
  const text = records.get(keyword) ?? '';
  const value = text === '' ? own : read(text);
  if (value === undefined && text !== '') {
    throw new ArchiveError(`the tar archive has a malformed ${keyword} in an extended header`);
  }
  return value === undefined ? own : value;
}

function entryOf(header: HeaderBlock, { records, longName, longLink }: Announced): TarEntry {
  const named = longName || override(records, 'path', (text) => text, header.name);
  const oldDirectory = header.typeFlag === '\0' && named.endsWith('/');
  const type = oldDirectory ? 'directory' : (types[header.typeFlag] ?? 'unsupported');
  const size = checkSize(override(records, 'size', readDecimal, header.size), quoteName(named));
  // The change time is not used, but Go refuses an archive with a malformed one.
  override(records, 'ctime', readTime, undefined);
  const epoch: TarTime = { seconds: header.modified, nanoseconds: 0 };
  return {
    name: named,
    type,
    typeFlag: header.typeFlag,
    linkName: longLink || override(records, 'linkpath', (text) => text, header.linkName),
    mode: header.mode,
    userId: override(records, 'uid', readDecimal, header.userId),
    groupId: override(records, 'gid', readDecimal, header.groupId),
    modified: override(records, 'mtime', readTime, epoch),
    accessed: override(records, 'atime', readTime, header.accessed),
    size,
    storedSize: type === 'file' || type === 'unsupported' ? size : 0,
    extendedAttributes: records.size > 0 ? extendedAttributes(records) : undefined,
    sparse: undefined,
  };
}

/** The entry, with its map of runs when it is a sparse file, and the bytes of the map before the content. */
function* withSparseRuns(
  entry: TarEntry,
  records: ExtendedRecords,
): Generator<number, { entry: TarEntry; mapLength: number }, Buffer> {
  const format = sparseFormat(records);
  if (format === undefined) {
    return { entry, mapLength: 0 };
  }
  const name = records.get('GNU.sparse.name') || entry.name;
  const sizeText = records.get('GNU.sparse.size') || records.get('GNU.sparse.realsize');
  const size = checkSize(sizeText ? readDecimal(sizeText) : entry.size, quoteName(name));
  const map =
    format === 'header'
      ? { runs: readHeaderMap(records), length: 0 }
      : yield* readContentMap(entry.storedSize);
  const storedSize = entry.storedSize - map.length;
  if (entry.type !== 'file') {
    throw new ArchiveError(`${quoteName(name)} is sparse but not a regular file`);
  }
  checkSparseRuns(map.runs, size, storedSize);
  return { entry: { ...entry, name, size, storedSize, sparse: map.runs }, mapLength: map.length };
}

/** The entry of a sparse file in the old GNU format, for which Go refuses every other format of header. */
function* oldSparseFile(header: HeaderBlock, entry: TarEntry): Generator<number, TarEntry, Buffer> {
  if (!header.gnu) {
    throw new ArchiveError(`the tar header of ${quoteName(entry.name)} has a type of another format`);
  }
  const map = yield* readOldMap(header.block);
  const size = checkSize(map.size, quoteName(entry.name));
  checkSparseRuns(map.runs, size, entry.storedSize);
  return { ...entry, type: 'file', size, sparse: map.runs };
}

/**
 * Parses an archive as Go's archive/tar does: ustar, GNU long names, pax extended headers (global ones are ignored),
 * base-256 numbers. Yields a number of bytes, which the caller passes to `next` as a Buffer (fewer only at the end of
 * input), or an entry, whose `storedSize` bytes the caller consumes before it calls `next`. Ends after the end marker.
 * Names are neither cleaned nor checked. Throws an `ArchiveError`.
 */
export function* parseArchive(): Generator<ParserRequest, void, Buffer> {
  let announced: Announced = { records: new Map(), longName: '', longLink: '' };
  for (let header = yield* nextHeader(); header !== undefined; header = yield* nextHeader()) {
    checkSize(header.size, quoteName(header.name));
    let toSkip = header.size;
    switch (header.typeFlag) {
      case 'x':
        announced.records = readExtendedHeader(yield* body(header));
        break;
      case 'g':
        readExtendedHeader(yield* body(header));
        announced = { records: new Map(), longName: '', longLink: '' };
        break;
      case 'L':
        announced.longName = untilNul(yield* body(header));
        break;
      case 'K':
        announced.longLink = untilNul(yield* body(header));
        break;
      default: {
        const plain = entryOf(header, announced);
        const old = header.typeFlag === 'S';
        const { entry, mapLength } = old
          ? { entry: yield* oldSparseFile(header, plain), mapLength: 0 }
          : yield* withSparseRuns(plain, announced.records);
        announced = { records: new Map(), longName: '', longLink: '' };
        yield entry;
        toSkip = entry.storedSize + mapLength;
      }
    }
    const gap = padding(toSkip);
    if (gap > 0 && (yield gap).length < gap) {
      return;
    }
  }
}
