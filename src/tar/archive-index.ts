// The table of contents of a tar archive in a file: only headers are read, content is skipped.
import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { parseArchive } from './archive-parser.ts';
import { displayName, quoteName } from './byte-string.ts';
import { ArchiveError, type EntryType, TruncatedArchiveError } from './tar-entry.ts';

/** A member of an archive and where its content lies. */
export interface ArchiveEntry {
  /** As in the archive, not cleaned. Bytes that are not UTF-8 are U+FFFD. */
  readonly name: string;
  /** A sparse file is `unsupported`: its content is not contiguous. */
  readonly type: EntryType;
  /** The target of a link, as in the archive. */
  readonly linkName: string;
  /** Bytes of content. */
  readonly size: number;
  /** Where the content starts in the file, in bytes. */
  readonly offset: number;
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function index(file: FileHandle, fileSize: number, found: ArchiveEntry[]): Promise<void> {
  const entries = parseArchive();
  let offset = 0;
  for (let step = entries.next(); !step.done; ) {
    if (typeof step.value === 'number') {
      const bytes = await readAt(file, offset, step.value);
      offset += bytes.length;
      step = entries.next(bytes);
    } else {
      const { name, linkName, type, storedSize, sparse } = step.value;
      if (offset + storedSize > fileSize) {
        throw new TruncatedArchiveError(`the tar archive ends in the middle of ${quoteName(name)}`);
      }
      found.push({
        name: displayName(name),
        type: sparse ? 'unsupported' : type,
        linkName: displayName(linkName),
        size: storedSize,
        offset,
      });
      offset += storedSize;
      step = entries.next(Buffer.alloc(0));
    }
  }
}

/**
 * The members of the archive in `file`, in their order. `where` names the file in errors. What cannot be read is a
 * `UserError` with a cause: a `TruncatedArchiveError` when the file is shorter than its headers say, another
 * `ArchiveError` when it is damaged or not a tar archive.
 */
export async function indexArchive(file: FileHandle, where: string): Promise<ArchiveEntry[]> {
  const found: ArchiveEntry[] = [];
  try {
    await index(file, (await file.stat()).size, found);
    return found;
  } catch (error) {
    if (!(error instanceof ArchiveError)) {
      throw new UserError(`cannot read ${where}`, { cause: error });
    }
    const problem = error instanceof TruncatedArchiveError ? 'is cut short' : 'is damaged';
    const none = found.length === 0 && !(error instanceof TruncatedArchiveError);
    throw none
      ? new UserError(`${where} is not a tar archive`, { code: 'NOT_AN_ARCHIVE', cause: error })
      : new UserError(`${where} ${problem}`, { cause: error });
  }
}
