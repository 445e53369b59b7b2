// The tag list endpoint: all tags of a repository, page by page. Distribution specification, "Listing tags".
import { UserError } from '../errors.ts';
import { isJsonObject, member, parseJson } from '../oci/json.ts';
import { RegistryError } from '../transport/registry-error.ts';
import type { Session } from '../transport/session.ts';
import type { ReadResponse } from '../transport/session-request.ts';
import { type PagedList, readList, requestPage } from './paged-list.ts';

const pageSize = 1000;

/**
 * The tags in the registry's order. Throws a UserError for a page that is not a list of tags or does not follow, see
 * {@link readList}, and a RegistryError when the first page is refused: only its 404 means that there is no repository.
 */
export async function listTags(session: Session): Promise<string[]> {
  const url = `${session.origin}/v2/${session.repository.path}/tags/list`;
  const list: PagedList<string> = { of: 'tags', url, parse: parseTagPage };
  return await readList(session, list, await readFirstPage(session, list));
}

/** Some registries refuse a page of this size instead of sending a smaller one. */
async function readFirstPage(session: Session, list: PagedList<string>): Promise<ReadResponse> {
  try {
    return await requestPage(session, list, `${list.url}?n=${pageSize}`);
  } catch (error) {
    if (error instanceof RegistryError && [400, 413, 422].includes(error.status)) {
      return await requestPage(session, list, list.url);
    }
    throw error;
  }
}

/** The tags of one page; `null` is an empty list, and `null` in the list an empty tag, as in Go. Throws a UserError. */
export function parseTagPage(body: string | Uint8Array, url: string): string[] {
  const document = parseJson(body);
  if (document === undefined) {
    throw new UserError(`GET ${url}: the response is not a JSON document`);
  }
  const list = (isJsonObject(document) ? member(document, 'tags') : undefined) ?? [];
  if (!Array.isArray(list) || !list.every((tag) => typeof tag === 'string' || tag === null)) {
    throw new UserError(`GET ${url}: "tags" in the response is not a list of strings`);
  }
  return list.map((tag: string | null) => tag ?? '');
}
