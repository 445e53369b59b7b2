// The tag list endpoint: all tags of a repository, page by page. Distribution specification, "Listing tags".
import { UserError } from '../errors.ts';
import { maximumTagList, maximumTagPages } from '../limits.ts';
import { isJsonObject, member, parseJson } from '../oci/json.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { requestUrl, resolveUrl } from '../transport/resolve-url.ts';
import { headerLines } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';

const pageSize = 1000;

/**
 * The tags in the registry's order. Further pages come from the `Link` header and must be on the registry itself.
 * Throws a RegistryError, or a UserError for a page that is not a list of tags.
 */
export async function listTags(session: Session): Promise<string[]> {
  const tags: string[] = [];
  const visited = new Set<string>();
  let size = 0;
  let next: string | undefined = `${session.origin}/v2/${session.repository.path}/tags/list?n=${pageSize}`;
  while (next !== undefined) {
    if (visited.has(next) || visited.size >= maximumTagPages || size > maximumTagList) {
      throw new UserError(`GET ${redactedUrl(next)}: the list of tags does not end`, {
        code: 'TAG_LIST_ENDLESS',
      });
    }
    visited.add(next);
    const page = await readPage(session, next);
    size += page.size;
    for (const tag of page.tags) {
      tags.push(tag);
    }
    next = page.next;
  }
  return tags;
}

async function readPage(
  session: Session,
  url: string,
): Promise<{ tags: string[]; size: number; next: string | undefined }> {
  const response = await session.request({
    method: 'GET',
    target: url,
    expect: [200],
    bodyLimit: maximumTagList,
  });
  const tags = parseTagPage(response.bytes, redactedUrl(url));
  const [link] = headerLines(response, 'link');
  return { tags, size: response.bytes.length, next: nextPage(session.origin, response.url, link) };
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

/**
 * The URL of the next page (RFC 8288: the first target of the first line, whatever its `rel`), undefined after
 * the last one. Throws a UserError for a page on another scheme, host or port than the registry's.
 */
export function nextPage(origin: string, url: string, link: string | undefined): string | undefined {
  if (link === undefined || link === '') {
    return undefined;
  }
  const target = /^<([^>]*)>/.exec(link)?.[1];
  if (target === undefined) {
    throw new UserError(`GET ${redactedUrl(url)}: the Link header of the response is malformed`);
  }
  if (target === '') {
    return undefined;
  }
  const next = resolveUrl(url, target);
  if (requestUrl(next).origin !== origin) {
    throw new UserError(
      `GET ${redactedUrl(url)}: the next page of tags is on ${requestUrl(next).origin}, not on the registry`,
    );
  }
  return next;
}
