// What a token is asked for: the scope of the Docker registry token specification.
import type { RepositoryReference } from '../oci/reference.ts';

/** What a token is asked for to do with a repository. */
export type RepositoryActions = 'pull' | 'push,pull' | 'catalog';

/** The scope that a token needs for some actions on a repository (Docker registry token specification). */
export function repositoryScope({ path }: RepositoryReference, actions: RepositoryActions): string {
  return `repository:${path}:${actions}`;
}
