// The HTTP client of the Azure SDK over our own client, with the trust roots and proxies of the registry.
import type { TokenCredentialOptions } from '@azure/identity';
import { maximumErrorBody } from '../limits.ts';
import type { HttpClient } from '../transport/http-client.ts';
import { headerText, readBody } from '../transport/response-body.ts';
import { sendSdkRequest } from './sdk-request.ts';

type AzureHttpClient = NonNullable<TokenCredentialOptions['httpClient']>;
type AzureResponse = Awaited<ReturnType<AzureHttpClient['sendRequest']>>;

/** An `httpClient` for a credential of @azure/identity. Passes the client assertion in a form to `addSecret`. */
export function azureHttpClient(client: HttpClient, addSecret: (secret: string) => void): AzureHttpClient {
  return {
    async sendRequest(request) {
      const { method, url, body } = request;
      if (body !== undefined && body !== null && typeof body !== 'string') {
        throw new TypeError('a request to Azure has a body that is no string');
      }
      if (body) {
        new URLSearchParams(body).getAll('client_assertion').forEach(addSecret);
      }
      // The response is not decompressed.
      const unsent = ['accept-encoding', 'content-length', 'host', 'connection'];
      const headers = Object.entries(request.headers.toJSON()).filter(([name]) => !unsent.includes(name));
      const response = await sendSdkRequest(client, {
        method,
        url,
        headers: Object.fromEntries(headers),
        content: body || undefined,
      });
      const answered = Object.keys(response.headers).flatMap((name) => {
        const value = headerText(response, name);
        return value === undefined ? [] : [[name, value] as const];
      });
      const bodyAsText = (await readBody(method, response, maximumErrorBody)).toString();
      return { request, status: response.status, headers: azureHeaders(answered), bodyAsText };
    },
  };
}

/** Headers as the SDK reads them: by name, in any letter case. */
function azureHeaders(headers: readonly (readonly [string, string])[]): AzureResponse['headers'] {
  const values = new Map(headers);
  return {
    get: (name) => values.get(name.toLowerCase()),
    has: (name) => values.has(name.toLowerCase()),
    set: (name, value) => {
      values.set(name.toLowerCase(), String(value));
    },
    delete: (name) => {
      values.delete(name.toLowerCase());
    },
    toJSON: () => Object.fromEntries(values),
    [Symbol.iterator]: () => values.entries(),
  };
}
