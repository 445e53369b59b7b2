// What a failure of the network means to a user, and what can be done about it.
import { causes, errorCode, UserError } from '../errors.ts';
import { redactedUrl } from './redacted-url.ts';

interface Explanation {
  readonly text: string;
  readonly hint?: string;
}

const untrusted = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
];

const explanations: readonly (readonly [codes: readonly string[], explanation: Explanation])[] = [
  [
    untrusted,
    {
      text: 'the certificate of the server is not signed by an authority that is trusted here',
      hint: "add the PEM certificate of the registry's authority to ca_certs",
    },
  ],
  [
    ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
    {
      text: 'the certificate of the server is not valid at this time',
      hint: 'the certificate must be renewed, or the clock of the worker is wrong',
    },
  ],
  [
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'],
    {
      text: 'the certificate of the server is for another host',
      hint: 'use the name that is in the certificate, or give the server a certificate for this name',
    },
  ],
  [
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST', 'EPROTO'],
    {
      text: 'the server does not speak TLS as expected',
      hint: 'for a registry that speaks plain http set "insecure: true"',
    },
  ],
  [
    ['ENOTFOUND', 'EAI_AGAIN'],
    {
      text: 'the name of the host can not be resolved',
      hint: 'check the spelling of the registry, and the DNS and proxy settings of the worker',
    },
  ],
  [
    ['ECONNREFUSED'],
    {
      text: 'nothing accepts connections there',
      hint: 'check host and port of the registry, and that it runs',
    },
  ],
  [
    ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
    {
      text: 'the server can not be reached',
      hint: 'check the network of the worker: firewall, proxy (HTTPS_PROXY, NO_PROXY), DNS',
    },
  ],
  [
    ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
    { text: 'the server fell silent', hint: 'the registry, or a proxy in front of it, may be overloaded' },
  ],
  [
    ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET', 'ERR_STREAM_PREMATURE_CLOSE'],
    { text: 'the connection broke', hint: 'a proxy or firewall between worker and registry may have cut it' },
  ],
  [
    ['HPE_INVALID_EOF_STATE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'],
    { text: 'the answer ended too early', hint: 'a proxy between worker and registry may have cut it' },
  ],
];

/** Whether a connection failed because no trusted authority vouches for the server's certificate. */
export function isUntrusted(error: unknown): boolean {
  return [...causes(error)].some((level) => untrusted.includes(errorCode(level)));
}

/**
 * The error for a request that got no whole answer. Its cause is the innermost error, cleaned of user info in URLs
 * but with its `code`, so that it can still be classified. An error meant for users comes back as it is.
 */
export function networkError(method: string, url: string, error: unknown): UserError {
  if (error instanceof UserError) {
    return error;
  }
  const inner = innermost(error);
  const explanation = explain(inner);
  return new UserError(`${method} ${redactedUrl(url)}: ${explanation.text}`, {
    cause: inner,
    hint: explanation.hint,
  });
}

function explain(error: Error): Explanation {
  // undici has no code of its own for a proxy that refuses.
  if (/^Proxy (response|Authentication)/.test(error.message)) {
    return {
      text: 'the proxy did not let the request through',
      hint: 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the worker, and the user and password in the proxy URL',
    };
  }
  const code = errorCode(error);
  const known = explanations.find(([codes]) => codes.includes(code));
  return known?.[1] ?? { text: 'the request failed' };
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

/** The text of an error without user info of URLs, places in OpenSSL's sources, and advice on Node's options. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  const [, openSslReason] = /error:[\dA-F]+:[^:]*:[^:]*:([^:\n]+)/i.exec(text) ?? [];
  return (openSslReason ?? text)
    .replace(/\/\/[^/@\s]*@/g, '//')
    .replace(/; if the root CA is installed locally.*/s, '')
    .trim();
}
