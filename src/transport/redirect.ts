// Where a redirect may lead, and what of a request goes along. Pure.
import { UserError } from '../errors.ts';
import { isPrivateAddress } from './private-address.ts';
import { redactedUrl } from './redacted-url.ts';
import { requestUrl, resolveUrl } from './resolve-url.ts';
import { splitHost } from './url-syntax.ts';

/** How many redirects one request may follow. */
export const maximumRedirects = 10;

/** The next request of a chain of redirects. */
export interface RedirectStep {
  readonly method: string;
  readonly url: string;
  readonly keepsBody: boolean;
}

/**
 * What follows an answer: nothing, unless it is a redirect with a `Location`. 307 and 308 keep method and body,
 * the others turn everything but GET and HEAD into GET (RFC 9110, section 15.4). `first` is the URL of the
 * first request: a hop to another host that is a private address by its literal is refused, so that a
 * registry can't make the resource talk to the network it runs in.
 */
export function nextRedirect(
  first: string,
  current: { method: string; url: string },
  answer: { status: number; location: string | undefined },
  hop: number,
): RedirectStep | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status) || answer.location === undefined) {
    return undefined;
  }
  if (hop >= maximumRedirects) {
    throw new UserError(
      `${current.method} ${redactedUrl(first)}: stopped after ${maximumRedirects} redirects`,
      {
        hint: 'the registry redirects in a circle; ask its operators',
      },
    );
  }
  const url = resolveUrl(current.url, answer.location);
  const host = splitHost(requestUrl(url).host).name;
  if (host !== splitHost(requestUrl(first).host).name && isPrivateAddress(host)) {
    throw new UserError(
      `${current.method} ${redactedUrl(first)}: refused a redirect to the private address ${host}`,
    );
  }
  const keepsMethod = answer.status === 307 || answer.status === 308;
  const isRead = current.method === 'GET' || current.method === 'HEAD';
  return { method: keepsMethod || isRead ? current.method : 'GET', url, keepsBody: keepsMethod };
}
