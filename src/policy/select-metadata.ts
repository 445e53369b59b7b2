// Which labels or annotations of an image are told to the user: those whose key matches a pattern.
import type { Pattern } from './pattern.ts';

/** One line of the metadata of an answer. */
export interface MetadataField {
  readonly name: string;
  readonly value: string;
}

/** The entries whose key the pattern matches, in byte order of their keys. */
export function selectMetadata(entries: Readonly<Record<string, string>>, pattern: Pattern): MetadataField[] {
  return Object.entries(entries)
    .filter(([key]) => pattern.matches(key))
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => ({ name, value }));
}
