// The secrets in an HTTP request: redacted before it is sent, since a server may repeat them in its response.
import type { HttpClient, HttpRequest } from '../transport/http-client.ts';
import { isShownKey } from '../transport/redacted-url.ts';
import { parseQuery } from '../transport/url-query.ts';
import { parseUrl, percentDecode } from '../transport/url-syntax.ts';
import type { AccessSurroundings } from './access-settings.ts';

/** The secrets in a request: those that the user chose, and those that a server chose. */
export interface RequestSecrets {
  readonly ofUser: readonly string[];
  readonly ofServer: readonly string[];
}

/** What proves the sender of a request, or the right to its URL. */
export function secretsOfRequest({ url, headers }: Pick<HttpRequest, 'url' | 'headers'>): RequestSecrets {
  const [, scheme = '', credentials = ''] = /^(\S+) +(.*)$/.exec(headers.authorization ?? '') ?? [];
  return scheme.toLowerCase() === 'basic'
    ? { ofUser: [credentials], ofServer: secretsOfUrl(url) }
    : { ofUser: [], ofServer: [credentials, ...secretsOfUrl(url)] };
}

/** A client that passes the secrets in each request to the redaction of all output before it sends the request. */
export function redactingSecrets(
  client: HttpClient,
  { addSecret, addServerSecret }: Pick<AccessSurroundings, 'addSecret' | 'addServerSecret'>,
): HttpClient {
  return {
    ...client,
    async send(request) {
      const { ofUser, ofServer } = secretsOfRequest(request);
      for (const secret of ofUser) {
        addSecret(secret);
      }
      for (const secret of [...ofServer, ...(await secretsOfForm(request))]) {
        addServerSecret(secret);
      }
      return await client.send(request);
    },
  };
}

/** The refresh token in the form by which a token is requested. */
async function secretsOfForm({ headers, body }: HttpRequest): Promise<string[]> {
  const isForm = headers['content-type'] === 'application/x-www-form-urlencoded';
  const content = isForm ? await body?.open() : undefined;
  return content instanceof Uint8Array
    ? new URLSearchParams(Buffer.from(content).toString()).getAll('refresh_token')
    : [];
}

function secretsOfUrl(text: string): string[] {
  const url = /[?@]/.test(text) ? parseUrl(text) : undefined;
  const password = url?.userInfo?.replace(/^[^:]*:?/, '') ?? '';
  const signatures = [...parseQuery(url?.query ?? '')].flatMap(([key, values]) =>
    isShownKey(key) ? [] : values,
  );
  return [password, ...signatures].flatMap((secret) => [secret, percentDecode(secret)]);
}
