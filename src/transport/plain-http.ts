// Plain http: which registries may be asked over it, and where requests of an https session may go.
import { UserError } from '../errors.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { isSameHost } from './authorization.ts';
import { isPrivateUseAddress } from './private-address.ts';
import { redactedUrl } from './redacted-url.ts';
import { requestUrl } from './resolve-url.ts';
import { parseUrl } from './url-syntax.ts';

/**
 * Whether plain http may be tried when https fails: the user allows it (`insecure`), or the registry is a name of this
 * machine or an address of RFC 1918. The rule is go-containerregistry's; it goes by the name as written.
 */
export function mayUseHttp({ registry }: RepositoryReference, insecure: boolean): boolean {
  return (
    insecure ||
    isPrivateUseAddress(registry.split(':', 1)[0] ?? '') ||
    registry.startsWith('localhost:') ||
    /\.localhost(:\d{1,5})?$/.test(registry) ||
    /^127\.0\.0\.1(:\d{1,5})?$/.test(registry) ||
    /^(::1|\[::1\](:\d{1,5})?)$/.test(registry)
  );
}

/** A session as the rule for its URLs needs it. */
export interface SessionSecurity {
  /** `host` or `host:port`, as the user wrote it. */
  readonly registry: string;
  /** The scheme over which the registry was reached. */
  readonly scheme: 'http' | 'https';
  /** Whether the user allows plain http. */
  readonly insecure: boolean;
}

/** The request that is about to be sent to a URL. */
export interface UrlUse {
  readonly method: string;
  /** The URL whose response named the new one, if there is one. */
  readonly from?: string;
  /** Whether the content is verified by its digest, so that it cannot be replaced. */
  readonly isVerified: boolean;
}

/** A URL that a request may go to; `isPlain` when that leaves https for http. */
export interface AdmittedUrl {
  readonly url: string;
  readonly isPlain: boolean;
}

/**
 * The URL for a request that a registry named. On its own host the scheme is the session's, whatever the URL says: TLS
 * may end in front of a registry that does not know of it (go-containerregistry does the same). Throws a UserError for any
 * other http URL in an https session, unless the user allows it or the request only reads what is verified.
 */
export function admitUrl(named: string, use: UrlUse, session: SessionSecurity): AdmittedUrl {
  const url = withOwnScheme(named, session);
  const isPlain = session.scheme === 'https' && requestUrl(url).scheme === 'http';
  const isCycle = url !== named && url === use.from;
  if (session.insecure ? false : isCycle || (isPlain && !use.isVerified)) {
    throw new UserError(
      `${use.method} ${redactedUrl(use.from ?? named)}: refused to continue over http` +
        (use.from === undefined ? '' : ` at ${redactedUrl(named)}`),
      { code: 'PLAIN_HTTP_REFUSED' },
    );
  }
  return { url, isPlain: isPlain && !session.insecure };
}

function withOwnScheme(url: string, { registry, scheme }: SessionSecurity): string {
  const parts = parseUrl(url);
  return (parts?.scheme === 'http' || parts?.scheme === 'https') &&
    isSameHost(parts.host.toLowerCase(), registry.toLowerCase(), scheme)
    ? scheme + url.slice(parts.scheme.length)
    : url;
}
