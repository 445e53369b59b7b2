// One registry, one log-in: what is shared by all requests to a host, and its sessions by repository and actions.
import type { CredentialSource } from '../credentials/credential-source.ts';
import type { Log } from '../log.ts';
import type { ClientCertificate, HttpClient } from '../transport/http-client.ts';
import { createRetrier } from '../transport/retrier.ts';
import type { RetryPolicy } from '../transport/retry-policy.ts';
import { openSession, type Session } from '../transport/session.ts';
import type { TimeLimits } from '../transport/time-limits.ts';
import { type RepositoryActions, repositoryScope } from '../transport/token.ts';
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
  /**
   * A session for a repository (its path without the host): pings the registry and logs in, then stays open for later
   * callers until an attempt fails.
   */
  repository(path: string, actions: RepositoryActions): Promise<Session>;
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
  return {
    async repository(path, actions) {
      const key = `${path} ${actions}`;
      const repository = { registry: host, path };
      const scopes = [repositoryScope(path, actions)];
      const session =
        sessions.get(key) ??
        openSession({ ...login, client, limits, repository, scopes, retrier, clock, onEvent });
      sessions.set(key, session);
      try {
        return await session;
      } catch (error) {
        sessions.delete(key);
        throw error;
      }
    },
    attempt: (action) =>
      retrier.attempt(async () => {
        try {
          return await action();
        } catch (error) {
          sessions.clear();
          throw error;
        }
      }),
  };
}
