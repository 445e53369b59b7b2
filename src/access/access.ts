// The way from a source to a session: name, credentials, trust, proxies and mirrors, for all commands.
import type { CredentialSource } from '../credentials/credential-source.ts';
import { resolveLogin } from '../credentials/resolve.ts';
import { staticCredentials } from '../credentials/static.ts';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  checkAddressable,
  parseRepository,
  type RepositoryReference,
  repositoryText,
} from '../oci/reference.ts';
import type { Surroundings } from '../process/surroundings.ts';
import { redactingSecrets } from '../request/secrets.ts';
import type { Source } from '../request/source.ts';
import { createHttpClient, type HttpClient } from '../transport/http-client.ts';
import { proxyFor } from '../transport/proxy.ts';
import { createRetrier, type Retrier } from '../transport/retrier.ts';
import type { RetryStage } from '../transport/retry-policy.ts';
import { openSession, type Session } from '../transport/session.ts';
import { mirrorLimits, registryLimits, type TimeLimits } from '../transport/time-limits.ts';
import { createTrustRoots, expiredCertificates, machineTrustFiles } from '../transport/trust-roots.ts';
import { mirrorRepository } from './mirror.ts';

/** A repository that can be asked, and how a command keeps trying there. */
export interface OpenRepository {
  readonly repository: RepositoryReference;
  /** As answers and the `repository` file name it. */
  readonly name: string;
  readonly retrier: Retrier;
  /** A new session: pings the registry and logs in. */
  open(actions: 'pull' | 'push,pull'): Promise<Session>;
}

/** The repositories of a source, as the log-in names them. */
export interface Repositories {
  readonly origin: OpenRepository;
  /** To be asked before the origin, one after the other; their credentials are their own. A put has none. */
  readonly mirrors: readonly OpenRepository[];
}

/** A source whose repositories were checked, before anything was asked for. */
export interface RepositoryAccess {
  /** Chooses the log-in, which may ask servers and rename the repository: its mirrors are those of the new name. */
  resolve(): Promise<Repositories>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** A silent registry is left after 5 seconds instead of a minute; less would mistake a slow one for it. */
export const testTimeoutDivisor = 12;

/** Whether waits are shrunk to milliseconds: so that suites of black-box tests end in time. */
export function isTestRun({ environment }: Surroundings): boolean {
  return environment.TEST === 'true';
}

/**
 * Checks all that a source says about its repository, without any traffic. Throws a UserError that names what
 * can't be: the repository, a mirror's host, or an entry of ca_certs; warns of entries that expired.
 */
export function openAccess(
  source: Source,
  stage: RetryStage,
  surroundings: Surroundings,
  log: Log,
): RepositoryAccess {
  const { environment, clock } = surroundings;
  const configured = readRepository(source.repository);
  const mirrorsOf = (origin: RepositoryReference) =>
    (stage === 'out' ? [] : source.registryMirrors).flatMap((settings) => {
      const repository = mirrorRepository(origin, settings);
      return repository ? [{ repository, settings }] : [];
    });
  mirrorsOf(configured);
  const trustRoots = createTrustRoots({ environment, caCerts: source.caCerts, files: machineTrustFiles });
  for (const { position, expired } of expiredCertificates(source.caCerts, clock.now())) {
    log.warn(`ca_certs[${position}] expired on ${expired}: it proves no server any more, renew or remove it`);
  }
  const wayTo = (limits: TimeLimits, stageThere: RetryStage, timeoutDivisor: number) => {
    const client = createHttpClient({
      trustRoots,
      connectTimeout: limits.connect,
      proxyFor: (url) => proxyFor(url, environment),
      timeoutDivisor,
    });
    return { client: redactingSecrets(client, surroundings.addSecret), limits, stage: stageThere };
  };
  const toRegistry = wayTo(registryLimits, stage, isTestRun(surroundings) ? testTimeoutDivisor : 1);
  // Mirrors are left after seconds anyway.
  const toMirrors = wayTo(mirrorLimits, 'mirror', 1);
  const open = (way: Way, repository: RepositoryReference, name: string, { credentials }: CredentialSource) =>
    openRepository({ ...way, repository, name, credentials, insecure: source.insecure }, surroundings, log);
  return {
    async resolve() {
      const { client } = toRegistry;
      const login = await resolveLogin(source, { ...surroundings, log, client, trustRoots });
      const origin = login.repository === source.repository ? configured : readRepository(login.repository);
      return {
        origin: open(toRegistry, origin, login.repository, login.credentials),
        mirrors: mirrorsOf(origin).map(({ repository, settings }) =>
          open(toMirrors, repository, repositoryText(repository), staticCredentials(settings)),
        ),
      };
    },
    close: async () => {
      await Promise.all([toRegistry.client.close(), toMirrors.client.close()]);
    },
  };
}

/** By which connections, and with how much patience, a registry is asked. */
interface Way {
  readonly client: HttpClient;
  readonly limits: TimeLimits;
  readonly stage: RetryStage;
}

function readRepository(name: string): RepositoryReference {
  try {
    const repository = parseRepository(name);
    checkAddressable(repository, name);
    return repository;
  } catch (cause) {
    throw new UserError('could not resolve repository', { cause });
  }
}

function openRepository(
  connection: Way & {
    repository: RepositoryReference;
    name: string;
    credentials: CredentialSource['credentials'];
    insecure: boolean;
  },
  surroundings: Surroundings,
  log: Log,
): OpenRepository {
  const { clock } = surroundings;
  const retrier = createRetrier({
    stage: connection.stage,
    test: isTestRun(surroundings),
    clock,
    random: surroundings.random,
    log,
  });
  return {
    repository: connection.repository,
    name: connection.name,
    retrier,
    open: (actions) => openSession({ ...connection, actions, retrier, clock, log }),
  };
}
