// An HTTP client, a log and sessions for tests in this process, on a fake clock.
import { onTestFinished } from 'vitest';
import { createLog, type Log } from '../../src/log.ts';
import { parseRepository } from '../../src/oci/reference.ts';
import type { BasicCredentials } from '../../src/transport/authorization.ts';
import { createHttpClient, type HttpClient } from '../../src/transport/http-client.ts';
import { createRetrier, type Retrier } from '../../src/transport/retrier.ts';
import type { RetryStage } from '../../src/transport/retry-policy.ts';
import { openSession, type Session } from '../../src/transport/session.ts';
import type { TrustRoots } from '../../src/transport/trust-roots.ts';
import { authority } from './certificates.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

/** Trust roots that hold exactly these certificates. */
export function trusting(...certificates: readonly string[]): TrustRoots {
  return { usual: () => certificates, all: () => certificates };
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

/** A log that keeps what it writes, debug lines too. */
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
  readonly stage?: RetryStage;
  /** Or a function that is asked for them as often as the session wants. */
  readonly credentials?: BasicCredentials | (() => Promise<BasicCredentials>);
  readonly actions?: 'pull' | 'push,pull';
  readonly insecure?: boolean;
  readonly log?: Log;
  readonly retrier?: Retrier;
}

/** A retrier on this clock; waits are as long as they can be, so that they can be compared. */
export function testRetrier(
  clock: FakeClock,
  stage: RetryStage,
  log: Log = recordedLog(clock),
  signal?: AbortSignal,
): Retrier {
  return createRetrier({ stage, test: false, clock, random: () => 0.999_999, log, signal });
}

/** Opens a session for a repository (`host/path`). */
export async function openTestSession(
  repository: string,
  options: TestSessionOptions = {},
): Promise<Session> {
  const { clock = createFakeClock(), stage = 'check' } = options;
  const log = options.log ?? recordedLog(clock);
  const { credentials } = options;
  return await openSession({
    client: options.client ?? testClient(),
    repository: parseRepository(repository),
    insecure: options.insecure ?? false,
    credentials: typeof credentials === 'function' ? credentials : async () => credentials,
    actions: options.actions ?? 'pull',
    retrier: options.retrier ?? testRetrier(clock, stage, log),
    clock,
    log,
  });
}
