// A request that a registry refused.
import { UserError } from '../errors.ts';
import { type FailedExchange, isTemporary, parseErrorBody, registryErrorText } from './error-body.ts';
import { redactedUrl } from './redacted-url.ts';

/** What {@link RegistryError} is made of; `retryAfter` is the text of that header. */
export interface RegistryAnswer extends FailedExchange {
  readonly retryAfter?: string | undefined;
}

/** An answer with a status that was not wanted; its message is what the registry said. */
export class RegistryError extends UserError {
  override readonly name: string = 'RegistryError';
  readonly method: string;
  /** Without anything secret. */
  readonly url: string;
  readonly status: number;
  /** The codes of the OCI distribution specification, in order; none when the body has none. */
  readonly codes: readonly string[];
  /** Whether the same request may succeed later, by its codes or else its status. */
  readonly temporary: boolean;
  /** The text of the `Retry-After` header. */
  readonly retryAfter: string | undefined;

  constructor(answer: RegistryAnswer) {
    const entries = parseErrorBody(answer.body);
    const codes = entries.map((entry) => entry.code);
    super(registryErrorText(answer), { hint: hintFor(answer.status, answer.url, codes) });
    this.method = answer.method;
    this.url = redactedUrl(answer.url);
    this.status = answer.status;
    this.codes = codes;
    this.temporary = isTemporary(answer.status, entries);
    this.retryAfter = answer.retryAfter;
  }
}

/** A body longer than `limit` bytes where a short one was due. As upstream, it no longer knows its status. */
export class OversizedBodyError extends UserError {
  override readonly name: string = 'OversizedBodyError';

  constructor(method: string, url: string, limit: number) {
    super(`body exceeds ${limit} byte limit`, {
      hint: `the answer to ${method} ${redactedUrl(url)} is too long to be a registry's`,
    });
  }
}

function hintFor(status: number, url: string, codes: readonly string[]): string | undefined {
  switch (status) {
    case 401:
      return 'check username and password (both must be set), and that the account may use this repository; some registries answer so for one that does not exist';
    case 403:
      return 'the account may not do this: it needs the right to pull, and for a put to push; without username and password nobody is logged in';
    case 404:
      return hintForMissing(url.replace(/[?#].*/s, ''), codes);
    case 413:
      return 'a proxy in front of the registry limits the size of uploads: ask its operators';
    case 429:
      return 'the registry limits how often it may be asked: set username and password, or a registry_mirror';
    default:
      return status >= 500 ? 'the registry has a problem of its own: try again later' : undefined;
  }
}

function hintForMissing(path: string, codes: readonly string[]): string {
  if (path.endsWith('/v2/')) {
    return 'no registry answers there: check the host at the beginning of the repository';
  }
  if (codes.includes('NAME_UNKNOWN') || path.endsWith('/tags/list')) {
    return 'check the name of the repository, and that something was pushed there; a private one looks missing without username and password';
  }
  if (/\/manifests\/sha256:[^/]*$/.test(path)) {
    return 'the digest was deleted from the repository, or never pushed there: check for a version that exists, or push the image again; a private repository looks like this without username and password';
  }
  if (/\/blobs\/sha256:[^/]*$/.test(path)) {
    return 'the registry has lost a part of the image: push the image again';
  }
  return 'check the repository, tag and digest; a private repository looks missing without username and password';
}
