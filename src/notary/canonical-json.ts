// Canonical JSON: one encoding of a document, so that its signatures and hashes are over the same bytes.
import { UserError } from '../errors.ts';
import { isJsonObject } from '../oci/json.ts';

/**
 * A parsed JSON value in the canonical form that Notary signs: keys in byte order, no white space, whole numbers, and
 * only `"` and `\` escaped. Throws a UserError for a number that is not a whole one.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') {
    return quote(value);
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) {
      throw new UserError(`canonical JSON has whole numbers only, not ${value}`);
    }
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(',')}]`;
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).filter(([, item]) => item !== undefined);
    members.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${members.map(([key, item]) => `${quote(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return String(value);
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
