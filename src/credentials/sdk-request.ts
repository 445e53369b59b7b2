// A request of a cloud's library over our own client: a short text goes out, whatever answers comes back.

import type { HttpClient, HttpResponse } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { registryLimits } from '../transport/time-limits.ts';

/** A request as the libraries make it. */
export interface SdkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends the request. Answers of any status are given back; a broken network is a UserError. */
export async function sendSdkRequest(
  client: HttpClient,
  { method, url, headers, text, signal }: SdkRequest,
): Promise<HttpResponse> {
  const content = text === undefined ? undefined : Buffer.from(text);
  try {
    return await client.send({
      method,
      url,
      headers,
      ...(content ? { body: { length: content.length, open: async () => content } } : {}),
      timeout: registryLimits.handshake,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    throw networkError(method, url, error);
  }
}
