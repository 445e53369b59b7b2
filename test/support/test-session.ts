// An HTTP client, a log and sessions for tests in this process, on a fake clock.
import { onTestFinished } from 'vitest';
import { type RetryPolicies, retryPolicies } from '../../src/access/retry-policies.ts';
import { logTransportEvents } from '../../src/access/transport-log.ts';
import { createLog, type Log } from '../../src/log.ts';
import { parseRepository } from '../../src/oci/reference.ts';
import type { BasicCredentials } from '../../src/transport/authorization.ts';
import type { HttpClient } from '../../src/transport/http-client.ts';
import { createHttpClient } from '../../src/transport/node-http-client.ts';
import { createRetrier, type Retrier } from '../../src/transport/retrier.ts';
import { openSession, type Session } from '../../src/transport/session.ts';
import type { TimeLimits } from '../../src/transport/time-limits.ts';
import { repositoryScope } from '../../src/transport/token.ts';
import type { TrustRoots } from '../../src/transport/trust-roots.ts';
import { authority } from './certificates.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

/** Trust roots of exactly these certificates. */
export function trusting(...certificates: readonly string[]): TrustRoots {
  return { hasOwn: false, usual: () => certificates, all: () => certificates };
}

/** A client without a proxy that trusts the test authority; closed when the running test has finished. */
export function testClient(
  options: { trustRoots?: TrustRoots; proxy?: string; signal?: AbortSignal } = {},
): HttpClient {
  const client = createHttpClient({
    trustRoots: options.trustRoots ?? trusting(authority),
    proxyFor: () => options.proxy,
    signal: options.signal,
  });
  onTestFinished(() => client.close());
  return client;
}

/** A log and everything it wrote. */
export interface RecordedLog extends Log {
  /** All lines. */
  readonly text: string;
}

/** Creates a log that records its lines, debug lines too. */
export function recordedLog(clock: FakeClock = createFakeClock()): RecordedLog {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const log = createLog({ write, now: clock.now, startedAt: clock.now() }, true);
  return Object.assign(Object.create(null, { text: { get: () => text } }) as { readonly text: string }, log);
}

/** How a test's session is opened. */
export interface TestSessionOptions {
  readonly client?: HttpClient;
  readonly clock?: FakeClock;
  readonly policy?: keyof RetryPolicies;
  /** Or a function that the session calls each time it needs them. */
  readonly credentials?: BasicCredentials | (() => Promise<BasicCredentials>);
  readonly actions?: 'pull' | 'push,pull';
  /** In the place of the one scope that `actions` make. */
  readonly scopes?: readonly string[];
  readonly insecure?: boolean;
  readonly log?: Log;
  readonly retrier?: Retrier;
  readonly limits?: TimeLimits;
}

/** A retrier on this clock; waits are as long as they can be, so that they can be compared. */
export function testRetrier(
  clock: FakeClock,
  policy: keyof RetryPolicies,
  log: Log = recordedLog(clock),
  signal?: AbortSignal,
): Retrier {
  return createRetrier({
    policy: retryPolicies('real')[policy],
    clock,
    random: () => 0.999_999,
    onEvent: logTransportEvents(log),
    signal,
  });
}

/** Opens a session for a repository (`host/path`). */
export async function openTestSession(
  repository: string,
  options: TestSessionOptions = {},
): Promise<Session> {
  const { clock = createFakeClock(), policy = 'check', actions = 'pull' } = options;
  const log = options.log ?? recordedLog(clock);
  const { credentials } = options;
  const reference = parseRepository(repository);
  return await openSession({
    client: options.client ?? testClient(),
    repository: reference,
    insecure: options.insecure ?? false,
    credentials: typeof credentials === 'function' ? credentials : async () => credentials,
    scopes: options.scopes ?? [repositoryScope(reference.path, actions)],
    retrier: options.retrier ?? testRetrier(clock, policy, log),
    clock,
    onEvent: logTransportEvents(log),
    ...(options.limits ? { limits: options.limits } : {}),
  });
}
