// Redirects: where one may lead, what of a request goes along, and the loop that follows them.
import { UserError } from '../errors.ts';
import { maximumQuotedName, maximumRedirects } from '../limits.ts';
import type { HttpResponse } from './http-client.ts';
import { isPrivateAddress, isPrivateName, isSameMachine } from './private-address.ts';
import { redactedUrl } from './redacted-url.ts';
import { requestUrl, resolveUrl } from './resolve-url.ts';
import { discardBody, headerText } from './response-body.ts';
import { splitHost } from './url-syntax.ts';

/** One request of a chain of redirects. */
export interface RedirectStep {
  readonly method: string;
  readonly url: string;
  /** False once a redirect turned the request into one without a body. */
  readonly keepsBody: boolean;
}

/**
 * Sends a request and follows its redirects. Returns the response that is not a redirect, and its request. Throws a
 * UserError for a redirect that is not allowed, see {@link nextRedirect}; `admit` may refuse more of them in the same way,
 * or return another URL in their place.
 */
export async function followRedirects(
  request: { readonly method: string; readonly url: string },
  send: (step: RedirectStep) => Promise<HttpResponse>,
  admit: (url: string, from: RedirectStep) => string = (url) => url,
): Promise<{ response: HttpResponse; last: RedirectStep }> {
  let step: RedirectStep = { method: request.method, url: request.url, keepsBody: true };
  for (let hop = 0; ; hop++) {
    const response = await send(step);
    const { status } = response;
    const next = nextRedirect(request.url, step, { status, location: headerText(response, 'location') }, hop);
    if (next === undefined) {
      return { response, last: step };
    }
    await discardBody(response);
    step = { ...next, url: admit(next.url, step), keepsBody: step.keepsBody && next.keepsBody };
  }
}

/**
 * The request that follows a response: undefined unless that is a redirect with a `Location`. 307 and 308 keep method and body,
 * the others turn everything but GET and HEAD into GET (RFC 9110, section 15.4). `first` is the URL of the
 * first request: a hop to another host that is the literal of a private address is refused, so that a registry cannot
 * make the resource send requests into the network that it runs in.
 */
export function nextRedirect(
  first: string,
  current: { method: string; url: string },
  response: { status: number; location: string | undefined },
  hop: number,
): RedirectStep | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status) || response.location === undefined) {
    return undefined;
  }
  if (hop >= maximumRedirects) {
    throw new UserError(
      `${current.method} ${redactedUrl(first)}: stopped after ${maximumRedirects} redirects`,
      { code: 'REDIRECT_LOOP' },
    );
  }
  const url = resolveLocation(current, response.location);
  const host = splitHost(requestUrl(url).host).name;
  const own = splitHost(requestUrl(first).host).name;
  if (!isSameMachine(host, own) && (isPrivateAddress(host) || isPrivateName(host))) {
    throw new UserError(
      `${current.method} ${redactedUrl(first)}: refused a redirect to the private address ${host}`,
    );
  }
  const keepsMethod = response.status === 307 || response.status === 308;
  const isRead = current.method === 'GET' || current.method === 'HEAD';
  return { method: keepsMethod || isRead ? current.method : 'GET', url, keepsBody: keepsMethod };
}

/**
 * The URL of a `Location` header in the response to a request. Throws a UserError that quotes a header that is not an http
 * or https URL.
 */
export function resolveLocation(request: { method: string; url: string }, location: string): string {
  try {
    const url = resolveUrl(request.url, location);
    requestUrl(url);
    return url;
  } catch {
    const shown = JSON.stringify(redactedUrl(location).slice(0, maximumQuotedName));
    throw new UserError(
      `${request.method} ${redactedUrl(request.url)}: the Location of the response is not an http or https URL: ${shown}`,
    );
  }
}
