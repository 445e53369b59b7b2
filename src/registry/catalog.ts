// The catalog endpoint: the repositories of a registry below a prefix, where the registry lists them.
import { UserError } from '../errors.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import type { Session } from '../transport/session.ts';
import { type PagedList, readList, requestPage } from './paged-list.ts';

const pageSize = 1000;

/**
 * The paths of all repositories that begin with `prefix`, in the registry's order. Docker registry HTTP API V2, "Listing
 * Repositories". Throws a RegistryError where the registry does not list them, and a UserError for a page that is not a
 * list of repositories or does not follow, see {@link readList}.
 */
export async function listRepositories(session: Session, prefix: string): Promise<string[]> {
  const url = `${session.origin}/v2/_catalog`;
  const list: PagedList<string> = { of: 'repositories', url, parse: parseCatalogPage };
  const first = await requestPage(session, list, `${url}?n=${pageSize}`);
  const paths = await readList(session, list, first);
  return paths.filter((path) => path.startsWith(prefix));
}

function parseCatalogPage(body: Uint8Array, url: string): readonly string[] {
  const document = parseJson(body);
  const repositories = isJsonObject(document) ? (document.repositories ?? []) : undefined;
  if (!Array.isArray(repositories) || !repositories.every((path) => typeof path === 'string')) {
    throw new UserError(`GET ${url}: the response is not a list of repositories`);
  }
  return repositories;
}
