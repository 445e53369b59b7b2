// Where the trust of a repository is kept, and under which name.
import { dockerHub, type RepositoryReference, repositoryText } from '../oci/reference.ts';

const dockerNotary = 'notary.docker.io';

/**
 * The collection of a repository: `registry` is the notary server, `path` its globally unique name. Without a `server`
 * (host and port) that is the registry itself, and for Docker Hub its own server, which leaves `index.` out of names.
 */
export function collectionOf(
  repository: RepositoryReference,
  server: string | undefined,
): RepositoryReference {
  const registry = server ?? (repository.registry === dockerHub ? dockerNotary : repository.registry);
  const path = registry === dockerNotary ? `docker.io/${repository.path}` : repositoryText(repository);
  return { registry, path };
}
