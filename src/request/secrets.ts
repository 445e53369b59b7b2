// What of a request, of the environment and of what is sent is secret.

import type { HttpClient, HttpRequest } from '../transport/http-client.ts';
import type { Environment } from '../transport/proxy.ts';
import { isShownKey } from '../transport/redacted-url.ts';
import { parseQuery } from '../transport/url-query.ts';
import { parseUrl, percentDecode } from '../transport/url-syntax.ts';
import type { Source } from './source.ts';

/** Values of a signed URL that are shorter say nothing, and may be words. */
const shortestSignature = 20;

/**
 * The secrets of a `source`. User names and ids are none: they are parts of repositories' names, and a log must
 * be able to name those.
 */
export function secretsOfSource(source: Source): string[] {
  const { registryMirrors, contentTrust: trust } = source;
  return [
    source.password,
    source.awsSecretAccessKey,
    source.awsSessionToken,
    ...registryMirrors.map(({ password }) => password),
    ...(trust ? [trust.password, trust.repositoryKey, trust.repositoryPassphrase, trust.tlsKey] : []),
  ];
}

/** The passwords of the proxies that the environment names. */
export function secretsOfEnvironment(environment: Environment): string[] {
  const proxies = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'].map((name) => environment[name]);
  return proxies.flatMap((proxy) => {
    const [, password = ''] = /^(?:[a-z][\w+.-]*:\/\/)?[^:@/]*:(?!\/\/)(.*)@/i.exec(proxy ?? '') ?? [];
    return [password, percentDecode(password)];
  });
}

/** What proves the sender of a request, or the right to its URL. */
export function secretsOfRequest({ url, headers }: Pick<HttpRequest, 'url' | 'headers'>): string[] {
  const [, credentials = ''] = /^\S+ +(.*)$/.exec(headers.authorization ?? '') ?? [];
  return [credentials, ...secretsOfUrl(url)];
}

/** A client that tells the secrets in a request before it sends it, since an answer may repeat them. */
export function redactingSecrets(client: HttpClient, keep: (secret: string) => void): HttpClient {
  return {
    ...client,
    async send(request) {
      [...secretsOfRequest(request), ...(await secretsOfForm(request))].forEach(keep);
      return await client.send(request);
    },
  };
}

/** The refresh token in the form by which a token is asked for. */
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
