// The errors of the runtime for a request that failed on the network, explained.
import { causes, errorCode, UserError } from '../errors.ts';
import { redactedUrl } from './redacted-url.ts';

interface Explanation {
  readonly message: string;
  readonly code?: string | undefined;
}

const untrusted = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
];

/** Codes of the runtimes and of the HTTP client, and what they mean. */
const explanations: readonly (readonly [codes: readonly string[], code: string, message: string])[] = [
  [
    untrusted,
    'CERTIFICATE_UNTRUSTED',
    'the certificate of the server is not signed by an authority that is trusted here',
  ],
  [
    ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
    'CERTIFICATE_EXPIRED',
    'the certificate of the server is not valid at this time',
  ],
  [
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'],
    'CERTIFICATE_HOST_MISMATCH',
    'the certificate of the server is for another host',
  ],
  [
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'],
    'TLS_MISSING',
    'the server does not speak TLS',
  ],
  [['EPROTO'], 'TLS_FAILED', 'the server does not speak TLS as expected'],
  [['ENOTFOUND', 'EAI_AGAIN'], 'HOST_UNRESOLVED', 'the name of the host cannot be resolved'],
  [['ECONNREFUSED'], 'CONNECTION_REFUSED', 'nothing accepts connections there'],
  [
    ['ETIMEDOUT', 'CONNECT_TIMEOUT', 'TUNNEL_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
    'HOST_UNREACHABLE',
    'the server cannot be reached',
  ],
  [['PROXY_GATEWAY'], 'PROXY_GATEWAY', 'the proxy cannot reach the server'],
  [['PROXY_REFUSED'], 'PROXY_REFUSED', 'the proxy refused the request'],
  [['HEADERS_TIMEOUT', 'BODY_TIMEOUT'], 'SERVER_SILENT', 'the server did not answer in time'],
  [
    ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'],
    'CONNECTION_BROKEN',
    'the connection broke',
  ],
  [['HPE_HEADER_OVERFLOW'], 'HEADERS_TOO_LONG', 'the headers of the response are too long'],
  [
    ['HPE_INVALID_CHUNK_SIZE', 'HPE_CHUNK_EXTENSIONS_OVERFLOW'],
    'RESPONSE_MALFORMED',
    'the body of the response breaks the rules of HTTP',
  ],
  [['HPE_INVALID_EOF_STATE'], 'RESPONSE_INCOMPLETE', 'the response ended too early'],
];

/** A request that got no complete response; the `code` names the failure. */
export class NetworkError extends UserError {
  override readonly name: string = 'NetworkError';
}

/** Whether a connection failed because no trusted authority signed the server's certificate. */
export function isUntrusted(error: unknown): boolean {
  return [...causes(error)].some((level) => untrusted.includes(errorCode(level)));
}

/**
 * The error for a request that got no complete response; its `code` names the failure. Its cause is the innermost error
 * without user info in URLs but with its own code, so that it can still be classified. A UserError is returned as it is.
 */
export function networkError(method: string, url: string, error: unknown): UserError {
  if (error instanceof UserError) {
    return error;
  }
  const inner = innermost(error);
  const explanation = explain(inner);
  return new NetworkError(`${method} ${redactedUrl(url)}: ${explanation.message}`, {
    cause: inner,
    code: explanation.code,
  });
}

/** Failures of a connection before anything is sent over it. */
const connectionFailures: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'CONNECT_TIMEOUT',
];

/**
 * The error for a request through a proxy that failed before there was a connection, with the code `PROXY_UNREACHABLE`:
 * only the proxy is connected to. Undefined for any other failure. Its cause is as that of {@link networkError}.
 */
export function proxyError(
  method: string,
  url: string,
  proxy: string,
  error: unknown,
): UserError | undefined {
  const cause = innermost(error);
  if (!connectionFailures.includes(errorCode(cause))) {
    return undefined;
  }
  const address = proxy.replace(/^([a-z]+:\/\/)?.*@/i, '$1').replace(/\/$/, '');
  return new NetworkError(`${method} ${redactedUrl(url)}: the proxy ${address} cannot be reached`, {
    cause,
    code: 'PROXY_UNREACHABLE',
  });
}

function explain(error: Error): Explanation {
  const [, code, message] = explanations.find(([codes]) => codes.includes(errorCode(error))) ?? [];
  return message === undefined ? { message: 'the request failed' } : { message, code };
}

/** The deepest error that has a code, or else the deepest; the parts of an aggregate become one. */
function innermost(error: unknown): Error {
  const levels = [...causes(error)].toReversed();
  const level = levels.find((candidate) => errorCode(candidate) !== '') ?? levels[0];
  const parts = level instanceof AggregateError ? level.errors.map(innermost) : [];
  const texts = parts.length > 0 ? parts.map((part) => part.message) : [messageOf(level)];
  const syscall = level instanceof Error && 'syscall' in level ? level.syscall : undefined;
  return Object.assign(new Error([...new Set(texts)].join('; ')), {
    code: errorCode(level) || errorCode(parts[0]),
    syscall,
  });
}

/**
 * The message of an error without user info of URLs, places in OpenSSL's sources, and advice on Node's options; empty when it
 * only says again that there was a time-out or no TLS.
 */
function messageOf(error: unknown): string {
  const message =
    error instanceof Error ? error.message || (errorCode(error) ? '' : error.name) : String(error);
  const [, openSslReason] = /error:[\dA-F]+:[^:]*:[^:]*:([^:\n]+)/i.exec(message) ?? [];
  return (openSslReason ?? message)
    .replace(/\/\/[^/@\s]*@/g, '//')
    .replace(/; if the root CA is installed locally.*/s, '')
    .replace(/^(wrong.version.number|packet.length.too.long|http.request)$/i, '')
    .trim();
}
