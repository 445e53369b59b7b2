// The `fetch` of Google's auth library over our own client, with the trust roots and proxies of the registry.
import { maximumErrorBody } from '../limits.ts';
import type { HttpClient } from '../transport/http-client.ts';
import { headerText, readBody } from '../transport/response-body.ts';
import { sendSdkRequest } from './sdk-request.ts';

/** A `fetch` for short requests and responses. Passes the secrets in a form to `addSecret`. */
export function googleFetch(client: HttpClient, addSecret: (secret: string) => void): typeof fetch {
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const method = init.method ?? 'GET';
    const content = init.body === undefined || init.body === null ? undefined : contentOf(init.body);
    for (const name of ['assertion', 'subject_token', 'refresh_token', 'client_secret']) {
      new URLSearchParams(content).getAll(name).forEach(addSecret);
    }
    const headers = new Headers(init.headers);
    headers.delete('accept-encoding');
    const response = await sendSdkRequest(client, {
      method,
      url,
      headers: Object.fromEntries(headers),
      content,
      signal: init.signal ?? undefined,
    });
    const bytes = await readBody(method, response, maximumErrorBody);
    const contentType = headerText(response, 'content-type');
    return new Response([204, 304].includes(response.status) ? null : bytes.toString(), {
      status: response.status,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
    });
  };
}

function contentOf(body: unknown): string {
  if (typeof body === 'string' || body instanceof URLSearchParams) {
    return String(body);
  }
  throw new TypeError('a request to Google has a body that is no string');
}
