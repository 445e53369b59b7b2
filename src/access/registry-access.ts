// One registry, one log-in: what all requests to a host share, and its sessions by repository and scopes.
import { transferConcurrency } from '../concurrency.ts';
import type { CredentialSource } from '../credentials/credential-source.ts';
import { createLimiter, type Limiter } from '../limiter.ts';
import type { Log } from '../log.ts';
import type { ClientCertificate } from '../transport/connections.ts';
import type { HttpClient } from '../transport/http-client.ts';
import { type PingResult, ping } from '../transport/ping.ts';
import { createRetrier } from '../transport/retrier.ts';
import type { RetryPolicy } from '../transport/retry-policy.ts';
import { openSession, type Session } from '../transport/session.ts';
import type { TimeLimits } from '../transport/time-limits.ts';
import type { AccessSurroundings } from './access-settings.ts';
import { logTransportEvents } from './transport-log.ts';

/** How a registry is logged in to. */
export interface RegistryLogin {
  readonly credentials: CredentialSource['credentials'];
  /** Whether plain HTTP may be tried, as on `localhost`. */
  readonly insecure: boolean;
  /** True for a server that must never be asked by plain HTTP. */
  readonly secureOnly?: boolean;
  /** Sent to a server that asks for one in the TLS handshake. */
  readonly clientCertificate?: ClientCertificate | undefined;
}

/** A registry; a 429 for one request makes all requests to it wait. */
export interface RegistryAccess {
  /** Limits how many blobs and manifests are sent or fetched at the same time. */
  readonly limiter: Limiter;
  /**
   * A session for a repository (its path without the host), whose token has all of the scopes: see `repositoryScope`.
   * The registry is pinged once for all sessions. A session is kept for later callers until an attempt fails.
   */
  repository(path: string, scopes: readonly string[]): Promise<Session>;
  /** Runs an attempt made of several exchanges, and after a failure that asks for it again, with new sessions. */
  attempt<Result>(action: () => Promise<Result>): Promise<Result>;
}

/** What the requests to one registry have in common. */
interface RegistryOptions {
  readonly host: string;
  readonly login: RegistryLogin;
  readonly client: HttpClient;
  readonly limits: TimeLimits;
  readonly policy: RetryPolicy;
}

/** A registry that has not been asked yet. */
export function openRegistry(
  { host, login, client, limits, policy }: RegistryOptions,
  { clock, random, signal }: Pick<AccessSurroundings, 'clock' | 'random' | 'signal'>,
  log: Log,
): RegistryAccess {
  const onEvent = logTransportEvents(log);
  const retrier = createRetrier({ policy, clock, random, signal, onEvent });
  const sessions = new Map<string, Promise<Session>>();
  let pinged: Promise<PingResult> | undefined;

  const open = async (path: string, scopes: readonly string[]): Promise<Session> => {
    const options = {
      ...login,
      client,
      limits,
      repository: { registry: host, path },
      scopes,
      retrier,
      clock,
    };
    pinged ??= retrier.exchange(() => ping(client, options.repository, options));
    return await openSession({ ...options, pinged: await pinged, onEvent });
  };
  const forget = () => {
    sessions.clear();
    pinged = undefined;
  };

  return {
    limiter: createLimiter(transferConcurrency),
    async repository(path, scopes) {
      const key = [path, ...scopes].join(' ');
      const session = sessions.get(key) ?? open(path, scopes);
      sessions.set(key, session);
      try {
        return await session;
      } catch (error) {
        forget();
        throw error;
      }
    },
    attempt: (action) =>
      retrier.attempt(async () => {
        try {
          return await action();
        } catch (error) {
          forget();
          throw error;
        }
      }),
  };
}
