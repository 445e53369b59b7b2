// Lists that a registry serves page by page (tags, repositories, referrers): all pages in order, within bounds.
import { UserError } from '../errors.ts';
import { maximumListBytes, maximumListEntries, maximumListPage, maximumListPages } from '../limits.ts';
import { isSameHost } from '../transport/authorization.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { OversizedBodyError } from '../transport/registry-error.ts';
import { requestUrl, resolveUrl } from '../transport/resolve-url.ts';
import { headerLines, headerText } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';
import type { ReadResponse } from '../transport/session-request.ts';
import { webPageError } from '../transport/web-page.ts';

/** What a list is of, and where it is. */
export interface PagedList<Entry> {
  readonly of: 'tags' | 'repositories' | 'referrers';
  /** Its URL, without a query. */
  readonly url: string;
  /** The `Accept` header of its requests. */
  readonly accept?: string;
  /** The entries of a page. Throws a UserError, with the URL in its message, for a body that is no such page. */
  parse(body: Uint8Array, url: string): readonly Entry[];
}

/**
 * A page of a list, by its absolute URL; `expect` are the statuses that are no failure. Throws a RegistryError for another
 * one, and a UserError for a page that is too large.
 */
export async function requestPage<Entry>(
  session: Session,
  { of, accept }: PagedList<Entry>,
  url: string,
  expect: readonly number[] = [200],
): Promise<ReadResponse> {
  return await session
    .request({
      method: 'GET',
      target: url,
      expect,
      bodyLimit: maximumListPage,
      ...(accept === undefined ? {} : { accept }),
    })
    .catch((cause: unknown) => {
      throw cause instanceof OversizedBodyError
        ? new UserError(`GET ${redactedUrl(url)}: this page of the list of ${of} is too large`, { cause })
        : cause;
    });
}

/**
 * The entries of all pages in the registry's order, from the first page on, which the caller has requested. Throws a
 * UserError for a page that is none, for a list that is too long or does not end, and for a refused page, with the
 * RegistryError as its cause: only the status of the first page says something about the whole list.
 */
export async function readList<Entry>(
  session: Session,
  list: PagedList<Entry>,
  first: ReadResponse,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  const visited = new Set([first.url]);
  let size = 0;
  for (let page = first; ; ) {
    const [link = ''] = headerLines(page, 'link');
    // The links are kept, too.
    size += page.bytes.length + link.length;
    for (const entry of parsePage(list, page)) {
      entries.push(entry);
    }
    checkLength(list, page.url, visited.size, entries.length, size);
    const next = nextPage(list, page.url, link);
    if (next === undefined) {
      return entries;
    }
    if (visited.has(next)) {
      throw new UserError(`GET ${redactedUrl(next)}: the list of ${list.of} does not end`, {
        code: 'LIST_ENDLESS',
      });
    }
    visited.add(next);
    page = await requestPage(session, list, next).catch((cause: unknown) => {
      throw new UserError(`page ${visited.size} of the list of ${list.of}`, { cause });
    });
  }
}

/** The entries of one page. Throws a UserError for a body that is no such page. */
export function parsePage<Entry>(
  { of, parse }: Pick<PagedList<Entry>, 'of' | 'parse'>,
  page: ReadResponse,
): readonly Entry[] {
  try {
    return parse(page.bytes, redactedUrl(page.url));
  } catch (error) {
    throw webPageError('GET', page.url, headerText(page, 'content-type'), `a list of ${of}`) ?? error;
  }
}

function checkLength<Entry>(
  { of }: PagedList<Entry>,
  url: string,
  pages: number,
  entries: number,
  bytes: number,
): void {
  const bounds: readonly [number, number, string][] = [
    [pages, maximumListPages, 'pages'],
    [entries, maximumListEntries, 'entries'],
    [bytes, maximumListBytes, 'bytes'],
  ];
  for (const [value, maximum, unit] of bounds) {
    if (value > maximum) {
      throw new UserError(
        `GET ${redactedUrl(url)}: the list of ${of} is too long: it has more than ${maximum} ${unit}`,
        { code: 'LIST_TOO_LONG', facts: { of } },
      );
    }
  }
}

/**
 * The URL of the next page (RFC 8288: the first target of the first line, whatever its `rel`), undefined after the last
 * one. `url` is that of the page with the link, which is empty where there is none. A registry behind a proxy may name its
 * inner path or scheme: the query of the link is used with the URL of the list. Throws a UserError for a malformed header
 * and for a page on another host.
 */
export function nextPage(
  list: Pick<PagedList<unknown>, 'of' | 'url'>,
  url: string,
  link: string,
): string | undefined {
  if (link === '') {
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
  const { scheme, host } = requestUrl(list.url);
  const isRelative = next.origin === requestUrl(url).origin;
  if (!isRelative && !isSameHost(next.host, host, scheme)) {
    throw new UserError(
      `GET ${redactedUrl(url)}: the next page of ${list.of} is on ${next.origin}, not on the registry`,
    );
  }
  const mark = next.target.indexOf('?');
  return mark < 0 ? `${scheme}://${host}${next.target}` : `${list.url}${next.target.slice(mark)}`;
}
