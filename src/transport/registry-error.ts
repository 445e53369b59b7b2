// A request that a registry refused.
import { UserError } from '../errors.ts';
import {
  type ErrorEntry,
  type FailedExchange,
  goText,
  isTemporary,
  parseErrorBody,
  registryErrorText,
} from './error-body.ts';
import { redactedUrl } from './redacted-url.ts';

/** What a {@link RegistryError} is made of; `retryAfter` is the value of that header. */
export interface RefusedRequest extends FailedExchange {
  readonly retryAfter?: string | undefined;
}

/** The code of a {@link RegistryError} for a manifest that points at content which the registry does not have (yet). */
export const contentUnknown = 'CONTENT_UNKNOWN';

/** A response with an unexpected status; the message is what the registry said. */
export class RegistryError extends UserError {
  override readonly name: string = 'RegistryError';
  readonly method: string;
  /** Without anything secret. */
  readonly url: string;
  readonly status: number;
  /** The codes of the OCI distribution specification, in order; none when the body has none. */
  readonly codes: readonly string[];
  /** Whether the same request may succeed later, by its codes or else its status; see also `isFinal`. */
  readonly temporary: boolean;
  /** Whether a repetition cannot succeed whatever the codes say, because the registry judged the content or forbids it. */
  readonly isFinal: boolean;
  /** The value of the `Retry-After` header. */
  readonly retryAfter: string | undefined;

  constructor(request: RefusedRequest) {
    const entries = parseErrorBody(request.body);
    const codes = entries.map((entry) => entry.code);
    super(registryErrorText(request), lacksContent(request, codes) ? { code: contentUnknown } : {});
    this.method = request.method;
    this.url = redactedUrl(request.url);
    this.status = request.status;
    this.codes = codes;
    this.temporary = isTemporary(request.status, entries);
    this.isFinal = isFinal(request, entries);
    this.retryAfter = request.retryAfter;
  }
}

/** What registries say of content that exists and must not change. */
const forbidding =
  /\b(not allow|not permit|forbid|cannot be (updated|overwritten|changed|modified|redeployed)|immutable)/i;

function isFinal({ method, url, status }: RefusedRequest, entries: readonly ErrorEntry[]): boolean {
  const isDefinite = status >= 400 && status < 500 && status !== 408 && status !== 429;
  const said = entries.map(({ message, detail }) => `${message} ${goText(detail)}`).join(' ');
  return isDefinite && (isManifestPut(method, url) || forbidding.test(said));
}

function isManifestPut(method: string, url: string): boolean {
  return method === 'PUT' && /^[^?#]*\/manifests\/[^/?#]*/.test(url);
}

function lacksContent({ method, url, status }: RefusedRequest, codes: readonly string[]): boolean {
  return (
    isManifestPut(method, url) &&
    [400, 404].includes(status) &&
    codes.some((code) => /^(MANIFEST_)?BLOB_UNKNOWN$/.test(code))
  );
}

/** A body that is longer than `limit` bytes. As upstream, the error has no status. */
export class OversizedBodyError extends UserError {
  override readonly name: string = 'OversizedBodyError';

  constructor(method: string, url: string, limit: number) {
    super(`body exceeds ${limit} byte limit`, {
      code: 'BODY_TOO_LONG',
      facts: { method, url: redactedUrl(url) },
    });
  }
}
