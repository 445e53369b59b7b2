// The catalog endpoint: the repositories of a registry below a prefix, where the registry lists them.
import { UserError } from '../errors.ts';
import { maximumTagPage, maximumTagPages } from '../limits.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { headerLines } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';
import { nextPage } from './tag-list.ts';

const pageSize = 1000;

/**
 * The paths of all repositories that begin with `prefix`, in the registry's order. Docker registry HTTP API V2, "Listing
 * Repositories". Throws a RegistryError where the registry does not list them.
 */
export async function listRepositories(session: Session, prefix: string): Promise<string[]> {
  const list = `${session.origin}/v2/_catalog`;
  const found: string[] = [];
  let next: string | undefined = `${list}?n=${pageSize}`;
  for (let page = 0; next !== undefined; page++) {
    const url: string = next;
    if (page >= maximumTagPages) {
      throw new UserError(`GET ${redactedUrl(url)}: the list of repositories does not end`);
    }
    const response = await session.request({
      method: 'GET',
      target: url,
      expect: [200],
      bodyLimit: maximumTagPage,
    });
    const document = parseJson(response.bytes);
    const repositories = isJsonObject(document) ? (document.repositories ?? []) : undefined;
    if (!Array.isArray(repositories) || !repositories.every((path) => typeof path === 'string')) {
      throw new UserError(`GET ${redactedUrl(url)}: the response is not a list of repositories`);
    }
    found.push(...repositories.filter((path) => path.startsWith(prefix)));
    const [link] = headerLines(response, 'link');
    next = nextPage(list, response.url, link);
  }
  return found;
}
