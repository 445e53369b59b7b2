// An HTTP client that also reaches the metadata servers of clouds: without a proxy, and with a short timeout.

import type { HttpClient } from '../transport/http-client.ts';
import { createHttpClient } from '../transport/node-http-client.ts';
import { requestUrl } from '../transport/resolve-url.ts';
import { splitHost } from '../transport/url-syntax.ts';
import type { CredentialSurroundings } from './credential-source.ts';

/** After how many milliseconds without a response a metadata server counts as absent. */
export const metadataPatience = 3_000;

/**
 * The result of `use` with a client for both the servers of a cloud and its metadata servers. It is the client of the
 * surroundings, except that a link-local host or one of `metadataHosts` (host and port) is connected to within three
 * seconds and without a proxy, which would reach the metadata server of another machine.
 */
export async function withMetadataClient<Result>(
  { client, trustRoots }: Pick<CredentialSurroundings, 'client' | 'trustRoots'>,
  metadataHosts: readonly string[],
  use: (client: HttpClient) => Promise<Result>,
): Promise<Result> {
  const direct = createHttpClient({
    trustRoots,
    connectTimeout: metadataPatience,
    proxyFor: () => undefined,
  });
  try {
    return await use({
      send: (request) => {
        const { host } = requestUrl(request.url);
        return (isLinkLocal(host) || metadataHosts.includes(host) ? direct : client).send(request);
      },
      close: () => direct.close(),
    });
  } finally {
    await direct.close();
  }
}

/** Link-local addresses, and Google's name for one of them. */
function isLinkLocal(host: string): boolean {
  const { name } = splitHost(host);
  return /^169\.254(\.\d{1,3}){2}$/.test(name) || /^metadata\.google\.internal\.?$/.test(name);
}
