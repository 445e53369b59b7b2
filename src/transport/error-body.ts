// The body of a registry's refusal: its error codes, and the message made of them (OCI distribution specification).
import { foldKey, isJsonObject, type JsonObject, member, parseJson } from '../oci/json.ts';
import { redactedUrl } from './redacted-url.ts';
import { statusText } from './status-text.ts';

/** One error of a refusal; `detail` is any JSON value, absent when there is none or it is null. */
export interface ErrorEntry {
  readonly code: string;
  readonly message: string;
  readonly detail?: unknown;
}

/** The request that failed and what came back. */
export interface FailedExchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly body: string | Uint8Array;
  /** Leaves out the advice of upstream's library for programmers, to use GET instead of HEAD. */
  readonly withoutAdvice?: boolean;
}

/**
 * The entries of `{"errors":[…]}`. Keys match in any letter case, members of a wrong type are skipped, entries that
 * are not objects are empty ones. A body that is not one JSON document with a list has none.
 */
export function parseErrorBody(body: string | Uint8Array): ErrorEntry[] {
  const document = parseJson(body);
  const errors = isJsonObject(document) ? member(document, 'errors') : undefined;
  return Array.isArray(errors) ? errors.map(parseEntry) : [];
}

/** The message for a refused request: `METHOD url: CODE: message; detail`, or the status and the raw body. */
export function registryErrorText({ method, url, status, body, withoutAdvice }: FailedExchange): string {
  const entries = parseErrorBody(body);
  const prefix = `${method} ${redactedUrl(url)}: `;
  if (entries.length > 0) {
    const texts = entries.map(entryText);
    const reasons = texts.length > 1 ? `multiple errors returned: ${texts.join('; ')}` : texts.join('');
    return `${prefix}${reasons}`.toWellFormed();
  }
  const content = bodyText(body);
  const reason = `unexpected status code ${status} ${statusText(status)}`;
  if (content !== '') {
    return `${prefix}${reason}: ${content}`.toWellFormed();
  }
  const advice =
    method === 'HEAD' && !withoutAdvice ? ' (HEAD responses have no body, use GET for details)' : '';
  return `${prefix}${reason}${advice}`;
}

const temporaryStatuses = new Set([408, 429, 500, 502, 503, 504]);
const temporaryCodes = new Set(['BLOB_UPLOAD_INVALID', 'TOOMANYREQUESTS', 'UNKNOWN', 'UNAVAILABLE']);

/** Whether the same request may succeed later: every code says so or, without codes, the status does. */
export function isTemporary(status: number, entries: readonly ErrorEntry[]): boolean {
  return entries.length === 0
    ? temporaryStatuses.has(status)
    : entries.every((entry) => temporaryCodes.has(entry.code));
}

/** A parsed JSON value as Go prints it with `%v`: `map[a:1 b:[x <nil>]]`, strings bare, keys in byte order. */
export function goText(value: unknown): string {
  let printed = '';
  // A stack instead of recursion: a hostile body may be nested thousands of levels deep.
  const rest: (string | { value: unknown })[] = [{ value }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next === 'string') {
      printed += next;
    } else if (Array.isArray(next.value)) {
      const items = next.value.flatMap((item, index) => [index > 0 ? ' ' : '', { value: item }]);
      rest.push(']', ...items.reverse(), '[');
    } else if (isJsonObject(next.value)) {
      const members = sortedMembers(next.value);
      const items = members.flatMap(([key, item], index) => [
        `${index > 0 ? ' ' : ''}${key}:`,
        { value: item },
      ]);
      rest.push(']', ...items.reverse(), 'map[');
    } else {
      printed += scalarText(next.value);
    }
  }
  return printed;
}

function bodyText(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
}

function parseEntry(value: unknown): ErrorEntry {
  if (!isJsonObject(value)) {
    return { code: '', message: '' };
  }
  const detail = member(value, 'detail');
  const entry = { code: lastString(value, 'code'), message: lastString(value, 'message') };
  return isNil(detail) ? entry : { ...entry, detail };
}

function lastString(object: JsonObject, name: string): string {
  const values = Object.entries(object).filter(([key]) => foldKey(key) === name);
  return values.map(([, value]) => value).findLast((value) => typeof value === 'string') ?? '';
}

function entryText({ code, message, detail }: ErrorEntry): string {
  return detail === undefined ? `${code}: ${message}` : `${code}: ${message}; ${goText(detail)}`;
}

function sortedMembers(object: JsonObject): [string, unknown][] {
  return Object.entries(object).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function scalarText(value: unknown): string {
  if (isNil(value)) {
    return '<nil>';
  }
  return typeof value === 'number' ? numberText(value) : String(value);
}

function isNil(value: unknown): boolean {
  // Go's decoder drops a number that no double can hold.
  return value === null || value === undefined || value === Infinity || value === -Infinity;
}

function numberText(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power <= 5) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
