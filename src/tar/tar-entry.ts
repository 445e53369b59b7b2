// An entry of a tar archive, and the errors of damaged archives.
import { UserError } from '../errors.ts';
import { maximumQuotedName } from '../limits.ts';

/**
 * A string in which every character is one byte (0 to 255). Names in archives need not be UTF-8: this keeps their bytes,
 * and `/` and `.` can be searched for as in any string.
 */
export type ByteString = string;

/** `unsupported`: GNU sparse files of the old format, contiguous files and types that no standard defines. */
export type EntryType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'fifo'
  | 'character-device'
  | 'block-device'
  | 'unsupported';

/** Time since the epoch. For a time before it both numbers are zero or negative. */
export interface TarTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A run of stored bytes in a sparse file; between the runs are zeros. */
export interface SparseRun {
  readonly offset: number;
  readonly length: number;
}

/** One member of an archive, with its extended headers applied. */
export interface TarEntry {
  /** As in the archive: not cleaned, may be absolute, may contain `..`. */
  readonly name: ByteString;
  readonly type: EntryType;
  /** The type flag of the header. */
  readonly typeFlag: string;
  readonly linkName: ByteString;
  /** All bits as in the header; the low twelve are permissions. */
  readonly mode: number;
  readonly userId: number;
  readonly groupId: number;
  readonly modified: TarTime;
  readonly accessed: TarTime | undefined;
  /** Bytes of the file once unpacked. */
  readonly size: number;
  /** Bytes of content in the archive; 0 for types without content, whatever the header says. */
  readonly storedSize: number;
  /** The runs of a sparse file, in ascending order. */
  readonly sparse: readonly SparseRun[] | undefined;
}

/** An archive that violates its format. */
export class ArchiveError extends UserError {
  override readonly name: string = 'ArchiveError';
}

/** An archive that ends inside a header or the content of a member. */
export class TruncatedArchiveError extends ArchiveError {
  override readonly name = 'TruncatedArchiveError';
}

/** A name as it is shown: bytes that are not UTF-8 become U+FFFD. */
export function displayName(name: ByteString): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** A name in quotes for a message, of bounded length. */
export function quoteName(name: ByteString): string {
  const shown = name.length > maximumQuotedName ? `${name.slice(0, maximumQuotedName)}...` : name;
  return JSON.stringify(displayName(shown));
}
