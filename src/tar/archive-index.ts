// The table of contents of an archive in a file: only headers are read, content is stepped over.
import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { readEntries } from './read-entries.ts';
import { ArchiveError, displayName, type EntryType, quoteName, TruncatedArchiveError } from './tar-entry.ts';

/** A member of an archive and where its content lies. */
export interface ArchiveEntry {
  /** As in the archive, not cleaned. What is not UTF-8 became U+FFFD. */
  readonly name: string;
  /** A sparse file counts as `unsupported`: its content does not lie in one piece. */
  readonly type: EntryType;
  /** Where a link points to, as in the archive. */
  readonly linkName: string;
  /** Bytes of content. */
  readonly size: number;
  /** Bytes in the file in front of the content. */
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
  const entries = readEntries();
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
 * The members of the archive in `file`, in their order. `where` names the file in errors: a `UserError` whose cause
 * is a `TruncatedArchiveError` when the file is shorter than its headers claim, another `ArchiveError` when it is
 * damaged or no tar archive at all.
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
    throw new UserError(none ? `${where} is not a tar archive` : `${where} ${problem}`, { cause: error });
  }
}
