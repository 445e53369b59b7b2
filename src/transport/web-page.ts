// Web pages in place of a registry's answers: those of proxies that ask for a log-in, sent with status 200.
import { UserError } from '../errors.ts';
import { redactedUrl } from './redacted-url.ts';

const pageType = /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i;

/**
 * The error, with the code `WEB_PAGE`, for a response that should be `wanted` ("a manifest") but is a web page by its
 * `Content-Type`; undefined for any other type. Only for content that is known to be wrong: a registry may state any type.
 */
export function webPageError(
  method: string,
  url: string,
  contentType: string | undefined,
  wanted: string,
): UserError | undefined {
  const [, type] = pageType.exec(contentType ?? '') ?? [];
  return type
    ? new UserError(
        `${method} ${redactedUrl(url)}: the response is a web page (${type}), not ${wanted}: something else than a registry answered`,
        { code: 'WEB_PAGE' },
      )
    : undefined;
}
