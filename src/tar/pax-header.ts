// Extended headers of POSIX pax: records that replace or add to the fields of the next header block.
import type { ByteString } from './byte-string.ts';
import { ArchiveError } from './tar-entry.ts';

/** Records by keyword; the last record of a keyword counts. */
export type ExtendedRecords = ReadonlyMap<string, ByteString>;

/** The keyword of the runs of a sparse file: `offset,length,offset,length…`. */
export const sparseMapKeyword = 'GNU.sparse.map';

/** The keywords of extended attributes, as star introduced them and Docker and BuildKit write them. */
const attributePrefix = 'SCHILY.xattr.';
const sparseOffset = 'GNU.sparse.offset';
const sparseLength = 'GNU.sparse.numbytes';
const stringKeywords: ReadonlySet<string> = new Set(['path', 'linkpath', 'uname', 'gname']);

function malformed(reason: string): ArchiveError {
  return new ArchiveError(`a tar archive has a malformed extended header: ${reason}`);
}

function nextRecord(body: string, at: number): { keyword: string; value: string; end: number } {
  const space = body.indexOf(' ', at);
  const length = body.slice(at, space);
  if (space < 0 || !/^\+?[0-9]{1,15}$/.test(length)) {
    throw malformed('a record without a length');
  }
  const end = at + Number(length);
  if (end <= space + 1 || end - at < 5 || end > body.length || body[end - 1] !== '\n') {
    throw malformed('a record with a wrong length');
  }
  const record = body.slice(space + 1, end - 1);
  const equals = record.indexOf('=');
  const keyword = record.slice(0, equals);
  const value = record.slice(equals + 1);
  if (equals < 1 || (stringKeywords.has(keyword) ? value : keyword).includes('\0')) {
    throw malformed('a record without a keyword');
  }
  return { keyword, value, end };
}

/**
 * The records of an extended header, each `<length> <keyword>=<value>\n` (POSIX pax, "pax Extended Header").
 * The offset and length records of GNU sparse format 0.0 are joined under {@link sparseMapKeyword}.
 */
export function readExtendedHeader(body: Buffer): ExtendedRecords {
  const content = body.toString('latin1');
  const records = new Map<string, string>();
  const runs: string[] = [];
  for (let at = 0; at < content.length; ) {
    const { keyword, value, end } = nextRecord(content, at);
    at = end;
    if (keyword === sparseOffset || keyword === sparseLength) {
      if (keyword !== (runs.length % 2 === 0 ? sparseOffset : sparseLength) || value.includes(',')) {
        throw malformed('sparse offsets and lengths out of order');
      }
      runs.push(value);
    } else {
      records.set(keyword, value);
    }
  }
  if (runs.length > 0) {
    records.set(sparseMapKeyword, runs.join(','));
  }
  return records;
}

/** The extended attributes in the records, by name; undefined when there are none. */
export function extendedAttributes(records: ExtendedRecords): ReadonlyMap<string, ByteString> | undefined {
  const found = new Map<string, ByteString>();
  for (const [keyword, value] of records) {
    if (keyword.startsWith(attributePrefix)) {
      found.set(keyword.slice(attributePrefix.length), value);
    }
  }
  return found.size > 0 ? found : undefined;
}
