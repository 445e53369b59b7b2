// Asking the metadata servers of clouds: they sit on the machine's own link, and answer at once or are not there.

import { createHttpClient, type HttpClient } from '../transport/http-client.ts';
import { requestUrl } from '../transport/resolve-url.ts';
import { splitHost } from '../transport/url-syntax.ts';
import type { CredentialSurroundings } from './credential-source.ts';

/** How long a metadata server may take before it counts as absent, in milliseconds. */
export const metadataPatience = 3_000;

/**
 * What `use` makes of a client by which a cloud's servers and the metadata servers can both be asked: like the one
 * of the surroundings, but a host on the link, or one of `metadataHosts` (host and port), is reached without a proxy,
 * which would answer for another machine, and has to take the connection within three seconds.
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
        return (isOnLink(host) || metadataHosts.includes(host) ? direct : client).send(request);
      },
      close: () => direct.close(),
    });
  } finally {
    await direct.close();
  }
}

/** Link-local addresses, and the name that Google gives to one of them. */
function isOnLink(host: string): boolean {
  const { name } = splitHost(host);
  return /^169\.254(\.\d{1,3}){2}$/.test(name) || /^metadata\.google\.internal\.?$/.test(name);
}
