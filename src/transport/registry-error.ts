// A request that a registry refused.
import { UserError } from '../errors.ts';
import { type FailedExchange, isTemporary, parseErrorBody, registryErrorText } from '../oci/error-body.ts';
import { redactedUrl } from '../oci/redacted-url.ts';

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
    super(registryErrorText(answer), { hint: hintFor(answer.status) });
    const entries = parseErrorBody(answer.body);
    this.method = answer.method;
    this.url = redactedUrl(answer.url);
    this.status = answer.status;
    this.codes = entries.map((entry) => entry.code);
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

function hintFor(status: number): string | undefined {
  switch (status) {
    case 401:
      return 'check username and password, and that the account may use this repository';
    case 403:
      return 'the account (or nobody, without username and password) may not do this: check its permissions';
    case 404:
      return 'check the repository, tag and digest; a private repository looks missing without username and password';
    case 429:
      return 'the registry limits how often it may be asked: set username and password, or a registry_mirror';
    default:
      return status >= 500 ? 'the registry has a problem of its own: try again later' : undefined;
  }
}
