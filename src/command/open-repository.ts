// The way from a source to a session: name, credentials, trust, proxies and mirror, as all commands need them.
import { staticCredentials } from '../credentials/static.ts';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { checkAddressable, parseRepository, type RepositoryReference } from '../oci/reference.ts';
import { mirrorRepository } from '../registry/mirror.ts';
import type { BasicCredentials } from '../transport/authorization.ts';
import { createHttpClient, type HttpClient } from '../transport/http-client.ts';
import { createPersistence, type Persistence } from '../transport/persistence.ts';
import { proxyFor } from '../transport/proxy.ts';
import type { RetryStage } from '../transport/retry.ts';
import { openSession, type Session } from '../transport/session.ts';
import { createTrustRoots, machineTrustFiles } from '../transport/trust-roots.ts';
import { keepingSecrets } from './secrets.ts';
import type { Source } from './source.ts';
import type { Surroundings } from './surroundings.ts';

/** A repository that can be asked, and how a command keeps trying there. */
export interface OpenRepository {
  readonly repository: RepositoryReference;
  readonly persistence: Persistence;
  /** A new session: pings the registry and logs in. */
  open(actions: 'pull' | 'push,pull'): Promise<Session>;
}

/** The repositories of a source. */
export interface Repositories {
  readonly origin: OpenRepository;
  /** To be asked before the origin; its credentials are its own. */
  readonly mirror: OpenRepository | undefined;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** A silent server is left after 5 seconds instead of a minute; milliseconds would mistake a slow one for it. */
const testHurry = 12;

/** Whether waits are shrunk to milliseconds: so that suites of black-box tests end in time. */
export function isTestRun({ environment }: Surroundings): boolean {
  return environment.TEST === 'true';
}

/**
 * Checks all that a source says about its repository, without any traffic. Throws a UserError that names what can't
 * be: the repository, the mirror's host, or an entry of ca_certs.
 */
export function openRepositories(
  source: Source,
  stage: RetryStage,
  surroundings: Surroundings,
  log: Log,
): Repositories {
  const { environment } = surroundings;
  const origin = readRepository(source.repository);
  const mirror = source.registryMirror && mirrorRepository(origin, source.registryMirror.host);
  const trustRoots = createTrustRoots({ environment, caCerts: source.caCerts, files: machineTrustFiles });
  const client = keepingSecrets(
    createHttpClient({
      trustRoots,
      proxyFor: (url) => proxyFor(url, environment),
      hurry: isTestRun(surroundings) ? testHurry : 1,
    }),
    surroundings.keepSecret,
  );
  const opener = (repository: RepositoryReference, credentials: BasicCredentials | undefined) =>
    openRepository({ client, repository, credentials, insecure: source.insecure }, stage, surroundings, log);
  return {
    origin: opener(origin, staticCredentials(source.username, source.password)),
    mirror:
      mirror && source.registryMirror
        ? opener(mirror, staticCredentials(source.registryMirror.username, source.registryMirror.password))
        : undefined,
    close: () => client.close(),
  };
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
  connection: {
    client: HttpClient;
    repository: RepositoryReference;
    credentials: BasicCredentials | undefined;
    insecure: boolean;
  },
  stage: RetryStage,
  surroundings: Surroundings,
  log: Log,
): OpenRepository {
  const { clock } = surroundings;
  const persistence = createPersistence({
    stage,
    test: isTestRun(surroundings),
    clock,
    random: surroundings.random,
    log,
  });
  return {
    repository: connection.repository,
    persistence,
    open: (actions) => openSession({ ...connection, actions, persistence, clock, log }),
  };
}
