// The tag list endpoint: all tags of a repository, page by page. Distribution specification, "Listing tags".
import { UserError } from '../errors.ts';
import { maximumTagList, maximumTagPage, maximumTagPages } from '../limits.ts';
import { isJsonObject, member, parseJson } from '../oci/json.ts';
import { isSameHost } from '../transport/authorization.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { OversizedBodyError, RegistryError } from '../transport/registry-error.ts';
import { requestUrl, resolveUrl } from '../transport/resolve-url.ts';
import { headerLines } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';

const pageSize = 1000;

/** A page as it was served. */
interface Page {
  readonly tags: readonly string[];
  /** Of the body, in bytes. */
  readonly size: number;
  /** The URL that responded. */
  readonly url: string;
  readonly link: string | undefined;
}

/**
 * The tags in the registry's order. Further pages come from the `Link` header and must be on the registry itself. Throws
 * a UserError for a page that is not a list of tags, and a RegistryError when the first page is refused: only its 404
 * means that there is no repository. The refusal of a later page is a UserError with the RegistryError as its cause.
 */
export async function listTags(session: Session): Promise<string[]> {
  const tags: string[] = [];
  const visited = new Set<string>();
  const list = `${session.origin}/v2/${session.repository.path}/tags/list`;
  let size = 0;
  let next: string | undefined = `${list}?n=${pageSize}`;
  while (next !== undefined) {
    if (visited.has(next) || visited.size >= maximumTagPages) {
      throw endlessError(next, '');
    }
    visited.add(next);
    const page =
      visited.size === 1
        ? await readFirstPage(session, list)
        : await readLaterPage(session, next, visited.size);
    size += page.size;
    if (size > maximumTagList) {
      throw endlessError(page.url, ` within ${maximumTagList} bytes`);
    }
    for (const tag of page.tags) {
      tags.push(tag);
    }
    next = nextPage(list, page.url, page.link);
  }
  return tags;
}

function endlessError(url: string, within: string): UserError {
  return new UserError(`GET ${redactedUrl(url)}: the list of tags does not end${within}`, {
    code: 'TAG_LIST_ENDLESS',
  });
}

/** Some registries refuse a page of this size instead of sending a smaller one. */
async function readFirstPage(session: Session, list: string): Promise<Page> {
  try {
    return await readPage(session, `${list}?n=${pageSize}`);
  } catch (error) {
    if (error instanceof RegistryError && [400, 413, 422].includes(error.status)) {
      return await readPage(session, list);
    }
    throw error;
  }
}

async function readLaterPage(session: Session, url: string, number: number): Promise<Page> {
  try {
    return await readPage(session, url);
  } catch (cause) {
    throw new UserError(`page ${number} of the tag list`, { cause });
  }
}

async function readPage(session: Session, url: string): Promise<Page> {
  const response = await session
    .request({ method: 'GET', target: url, expect: [200], bodyLimit: maximumTagPage })
    .catch((cause: unknown) => {
      throw cause instanceof OversizedBodyError
        ? new UserError(`GET ${redactedUrl(url)}: this page of the list of tags is too large`, { cause })
        : cause;
    });
  const tags = parseTagPage(response.bytes, redactedUrl(url));
  const [link] = headerLines(response, 'link');
  return { tags, size: response.bytes.length, url: response.url, link };
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
 * The URL of the next page (RFC 8288: the first target of the first line, whatever its `rel`), undefined after the last
 * one. `list` is the URL of the tag list without a query, `url` that of the page with the link. A registry behind a proxy
 * may name its inner path or scheme: the query of the link is used with `list`. Throws a UserError for a malformed header
 * and for a page on another host.
 */
export function nextPage(list: string, url: string, link: string | undefined): string | undefined {
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
  const next = requestUrl(resolveUrl(url, target));
  const { scheme, host } = requestUrl(list);
  const isRelative = next.origin === requestUrl(url).origin;
  if (!isRelative && !isSameHost(next.host, host, scheme)) {
    throw new UserError(
      `GET ${redactedUrl(url)}: the next page of tags is on ${next.origin}, not on the registry`,
    );
  }
  const mark = next.target.indexOf('?');
  return mark < 0 ? `${scheme}://${host}${next.target}` : `${list}${next.target.slice(mark)}`;
}
