// The secrets in an HTTP request: redacted before it is sent, since a server may repeat them in its response.
import type { HttpClient, HttpRequest } from '../transport/http-client.ts';
import { isShownKey } from '../transport/redacted-url.ts';
import { parseQuery } from '../transport/url-query.ts';
import { parseUrl, percentDecode } from '../transport/url-syntax.ts';

/** Shorter values in a signed URL are no secrets, and may be ordinary words. */
const shortestSignature = 20;

/** What proves the sender of a request, or the right to its URL. */
export function secretsOfRequest({ url, headers }: Pick<HttpRequest, 'url' | 'headers'>): string[] {
  const [, credentials = ''] = /^\S+ +(.*)$/.exec(headers.authorization ?? '') ?? [];
  return [credentials, ...secretsOfUrl(url)];
}

/** A client that passes the secrets in each request to `addSecret` before it sends the request. */
export function redactingSecrets(client: HttpClient, addSecret: (secret: string) => void): HttpClient {
  return {
    ...client,
    async send(request) {
      [...secretsOfRequest(request), ...(await secretsOfForm(request))].forEach(addSecret);
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
    isShownKey(key) ? [] : values.filter((value) => value.length >= shortestSignature),
  );
  return [password, ...signatures].flatMap((secret) => [secret, percentDecode(secret)]);
}
