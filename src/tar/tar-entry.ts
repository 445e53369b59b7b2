// What an archive says about one of its members, and how a damaged archive is reported.
import { UserError } from '../errors.ts';
import { maximumQuotedName } from '../limits.ts';

/**
 * Text in which every character is one byte (0 to 255). Names in archives need not be UTF-8, and this way they
 * stay what they are while `/` and `.` can be looked for as in any text.
 */
export type ByteString = string;

/** `unsupported`: GNU sparse files, contiguous files and everything that no standard names. */
export type EntryType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'fifo'
  | 'character-device'
  | 'block-device'
  | 'unsupported';

/** Time since the epoch. Before the epoch both numbers are zero or negative. */
export interface TarTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A run of real bytes in a sparse file; between the runs are zeros. */
export interface SparseRun {
  readonly offset: number;
  readonly length: number;
}

/** One member of an archive, all extended headers applied. */
export interface TarEntry {
  /** As in the archive: not cleaned, perhaps absolute, perhaps with `..`. */
  readonly name: ByteString;
  readonly type: EntryType;
  /** The character in the header that the type was taken from. */
  readonly typeFlag: string;
  readonly linkName: ByteString;
  /** All bits as in the header; only the low twelve have a meaning. */
  readonly mode: number;
  readonly userId: number;
  readonly groupId: number;
  readonly modified: TarTime;
  readonly accessed: TarTime | undefined;
  /** Bytes of the file once unpacked. */
  readonly size: number;
  /** Bytes of content in the archive; 0 for everything that cannot have content, whatever its header says. */
  readonly storedSize: number;
  /** Where the content belongs, in ascending order, when the file is sparse. */
  readonly sparse: readonly SparseRun[] | undefined;
}

/** An archive that breaks the rules of its format. */
export class ArchiveError extends UserError {
  override readonly name: string = 'ArchiveError';
}

/** An archive that ends in the middle of a member or of a header. */
export class TruncatedArchiveError extends ArchiveError {
  override readonly name = 'TruncatedArchiveError';
}

/** The text to show for a name: what is not UTF-8 in it becomes U+FFFD. */
export function displayName(name: ByteString): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** A name in quotes for a message, cut when it is very long. */
export function quoteName(name: ByteString): string {
  const shown = name.length > maximumQuotedName ? `${name.slice(0, maximumQuotedName)}...` : name;
  return JSON.stringify(displayName(shown));
}
