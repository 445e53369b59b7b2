// Canonical JSON: the one text of a document, so that everybody signs and hashes the same bytes.
import { UserError } from '../errors.ts';
import { isJsonObject } from '../oci/json.ts';

/**
 * A parsed JSON value in canonical form, as Notary signs it: keys in byte order, no white space, whole numbers, and
 * only `"` and `\` escaped. Throws a UserError for a number that has no such form.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') {
    return quoted(value);
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
    return `{${members.map(([key, item]) => `${quoted(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return String(value);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
