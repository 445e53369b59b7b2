// Sessions for the images that a put reads from registries: by a log-in of their own, or by that of the source.
import { type Access, openAccess } from '../access/access.ts';
import type { AccessSettings, AccessSurroundings } from '../access/access-settings.ts';
import { type RepositoryAccess, sourceRepositories } from '../access/repositories.ts';
import type { Log } from '../log.ts';
import { type RepositoryReference, repositoryName } from '../oci/reference.ts';
import { secretsOfLogin } from '../request/secrets.ts';
import type { LoginKeys } from '../request/source.ts';
import type { Session } from '../transport/session.ts';
import type { RepositoryActions } from '../transport/token.ts';

/** Opens sessions for repositories that images are read from. */
export interface SourceReader {
  /** `login` undefined takes that of the source where the registry is that of `origin`, the destination. */
  read(
    repository: RepositoryReference,
    login: LoginKeys | undefined,
    origin: RepositoryAccess,
    actions: RepositoryActions,
  ): Promise<Session>;
  close(): Promise<void>;
}

const anonymous = {
  username: '',
  password: '',
  awsRegion: '',
  azureAcr: false,
  googleAuth: false,
} satisfies Partial<AccessSettings>;

/**
 * A param that states no log-in takes that of the source on the registry of the destination. On another registry only
 * `docker_config` of the source counts: a password is never sent to a registry that it was not given for.
 */
export function openSourceReader(
  source: AccessSettings,
  access: Access,
  surroundings: AccessSurroundings,
  log: Log,
): SourceReader {
  const others: Access[] = [];
  const accessFor = (login: LoginKeys | undefined): Access => {
    if (!login) {
      return access;
    }
    secretsOfLogin(login).forEach(surroundings.addSecret);
    const other = openAccess(login, 'out', surroundings, log);
    others.push(other);
    return other;
  };
  return {
    async read(repository, login, origin, actions) {
      const isSame = repository.registry === origin.repository.registry;
      const settings: AccessSettings = {
        ...source,
        ...(isSame ? {} : anonymous),
        ...login,
        repository: repositoryName(repository),
        registryMirrors: [],
      };
      const { origin: from } = await sourceRepositories(settings, accessFor(login))();
      return await from.session(actions);
    },
    close: async () => {
      await Promise.all(others.map((other) => other.close()));
    },
  };
}
