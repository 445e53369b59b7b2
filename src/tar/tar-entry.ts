// An entry of a tar archive, and the errors of damaged archives.
import { UserError } from '../errors.ts';
import type { ByteString } from './byte-string.ts';

/** `unsupported`: types that no standard defines. */
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
  /** Extended attributes by name; the values are bytes. */
  readonly extendedAttributes: ReadonlyMap<string, ByteString> | undefined;
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
