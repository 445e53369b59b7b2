// Classifies failures of requests by the errors of the runtimes and the HTTP client, for the retry policy.
import { causes, errorCode } from '../errors.ts';
import { contentUnknown, RegistryError } from './registry-error.ts';
import { parseRetryAfter, type RetryOutcome } from './retry-policy.ts';

/** An outcome, and the wait that the registry asked for in milliseconds. */
export interface Failure {
  readonly outcome: RetryOutcome;
  readonly retryAfter?: number | undefined;
}

const permanent: Failure = { outcome: { kind: 'permanent' } };

type Kind = Exclude<RetryOutcome['kind'], 'status'>;

const outcomes: Readonly<Record<string, Kind>> = {
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ERR_HTTP2_STREAM_ERROR: 'reset',
  ERR_HTTP2_SESSION_ERROR: 'reset',
  RESPONSE_INCOMPLETE: 'early-end',
  ERR_STREAM_PREMATURE_CLOSE: 'early-end',
  HPE_INVALID_EOF_STATE: 'early-end',
  Z_BUF_ERROR: 'early-end',
  BODY_TIMEOUT: 'stall',
  SERVER_SLOW: 'stall',
  CLOUD_BUSY: 'stall',
  HEADERS_TIMEOUT: 'stall',
  ECONNREFUSED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EAI_AGAIN: 'unreachable',
  CONNECT_TIMEOUT: 'unreachable',
  TUNNEL_TIMEOUT: 'unreachable',
  PROXY_GATEWAY: 'unreachable',
  ENOTFOUND: 'unreachable',
  CONTENT_CORRUPT: 'corrupt',
  // A server that fails within a chunked body may write its error where the next chunk belongs.
  HPE_INVALID_CHUNK_SIZE: 'corrupt',
  WEB_PAGE: 'corrupt',
  UPLOAD_LOST: 'lost',
};

/**
 * The outcome of an error: of the first level of its causes that is known. Of the parts of an aggregate (the
 * addresses of a host, or https and http) a refusal by the registry with status 429 counts first, then a part that
 * may pass. An unknown error is permanent. `now` is ms since the epoch.
 */
export function classifyFailure(error: unknown, now: number): Failure {
  for (const level of causes(error)) {
    if (level instanceof RegistryError && level.code === contentUnknown) {
      return { outcome: { kind: 'unsettled' } };
    }
    if (level instanceof RegistryError) {
      const { status } = level;
      const temporary = level.temporary && !level.isFinal;
      const retryAfter = parseRetryAfter(level.retryAfter, now);
      return { outcome: { kind: 'status', status, temporary }, retryAfter };
    }
    if (level instanceof AggregateError) {
      return classifyParts(level.errors, now);
    }
    const kind = kindOf(level);
    if (kind !== undefined) {
      return { outcome: { kind } };
    }
  }
  return permanent;
}

function classifyParts(parts: readonly unknown[], now: number): Failure {
  // A server with a certificate speaks TLS: what plain http met there says nothing.
  if (parts.some(hasWrongCertificate)) {
    return permanent;
  }
  const failures = parts.map((part) => classifyFailure(part, now));
  const refused = failures.find(({ outcome }) => outcome.kind === 'status');
  if (refused?.outcome.kind === 'status' && refused.outcome.status === 429) {
    return refused;
  }
  const passing = failures.find(({ outcome }) => ['reset', 'early-end', 'stall'].includes(outcome.kind));
  const unreachable = failures.find(({ outcome }) => outcome.kind === 'unreachable');
  return passing ?? refused ?? unreachable ?? permanent;
}

function hasWrongCertificate(part: unknown): boolean {
  return [...causes(part)].some((level) => errorCode(level).startsWith('CERTIFICATE_'));
}

function kindOf(error: unknown): Kind | undefined {
  const code = errorCode(error);
  if (!(error instanceof Error)) {
    return undefined;
  }
  if (code === 'ECONNRESET' && error.message.includes('before secure TLS connection')) {
    // This port does not speak TLS, or what it forwards to is restarting.
    return 'unreachable';
  }
  if (code === 'ETIMEDOUT') {
    return 'syscall' in error && error.syscall !== 'connect' ? 'stall' : 'unreachable';
  }
  return outcomes[code];
}
