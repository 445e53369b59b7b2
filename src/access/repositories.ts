// The repositories of a source: the one that it names, and those on its mirrors.
import { staticCredentials } from '../credentials/credential-source.ts';
import { UserError } from '../errors.ts';
import type { Limiter } from '../limiter.ts';
import {
  checkAddressable,
  parseRepository,
  type RepositoryReference,
  repositoryName,
} from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { type RepositoryActions, repositoryScope } from '../transport/token.ts';
import type { Access } from './access.ts';
import type { AccessSettings } from './access-settings.ts';
import { mirrorRepository } from './mirror.ts';
import type { RegistryAccess } from './registry-access.ts';

/** A repository on a registry. */
export interface RepositoryAccess {
  readonly repository: RepositoryReference;
  /** As answers and the `repository` file name it. */
  readonly name: string;
  /** See {@link RegistryAccess.limiter}. */
  readonly limiter: Limiter;
  /** A session, see {@link RegistryAccess.repository}. */
  session(actions: RepositoryActions, mountFrom?: RepositoryReference): Promise<Session>;
  /** Runs an attempt with a session, see {@link RegistryAccess.attempt}. */
  attempt<Result>(actions: RepositoryActions, action: (session: Session) => Promise<Result>): Promise<Result>;
}

/** The repositories of a source after the log-in was chosen. */
export interface Repositories {
  readonly origin: RepositoryAccess;
  /** To be asked before the origin, in this order, each with its own credentials. */
  readonly mirrors: readonly RepositoryAccess[];
}

/**
 * Checks the repository and the mirrors that settings name, without any request: throws a UserError that names the
 * wrong one. The returned function chooses the log-in, which may send requests and rename the repository: then the
 * mirrors are those of the new name.
 */
export function sourceRepositories(settings: AccessSettings, access: Access): () => Promise<Repositories> {
  const configured = readRepository(settings.repository);
  const mirrorsOf = (origin: RepositoryReference) =>
    settings.registryMirrors.flatMap((mirror) => {
      const repository = mirrorRepository(origin, mirror);
      return repository ? [{ repository, credentials: staticCredentials(mirror).credentials }] : [];
    });
  mirrorsOf(configured);

  const { insecure } = settings;
  return async () => {
    const login = await access.logIn(settings);
    const origin = login.repository === settings.repository ? configured : readRepository(login.repository);
    const { credentials } = login.credentials;
    return {
      origin: repositoryAccess(
        access.registry(origin.registry, { credentials, insecure }),
        origin,
        login.repository,
      ),
      mirrors: mirrorsOf(origin).map((mirror) =>
        repositoryAccess(
          access.mirror(mirror.repository.registry, { credentials: mirror.credentials, insecure }),
          mirror.repository,
          repositoryName(mirror.repository),
        ),
      ),
    };
  };
}

function repositoryAccess(
  registry: RegistryAccess,
  repository: RepositoryReference,
  name: string,
): RepositoryAccess {
  const session = (actions: RepositoryActions, mountFrom?: RepositoryReference) =>
    registry.repository(repository.path, [
      repositoryScope(repository.path, actions),
      ...mountScopes(repository, mountFrom),
    ]);
  return {
    repository,
    name,
    limiter: registry.limiter,
    session,
    attempt: (actions, action) => registry.attempt(async () => action(await session(actions))),
  };
}

/** The scope to take blobs over from another repository of the same registry. */
export function mountScopes(
  to: RepositoryReference,
  from: RepositoryReference | undefined,
): readonly string[] {
  return from && from.registry === to.registry && from.path !== to.path
    ? [repositoryScope(from.path, 'pull')]
    : [];
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
