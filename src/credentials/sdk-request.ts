// Sends a request of a cloud's SDK over our own client: a short body, and a response of any status.
import type { HttpClient, HttpResponse } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { registryLimits } from '../transport/time-limits.ts';

/** A request of an SDK. */
export interface SdkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The response to a request, whatever its status. Throws a UserError when the network fails. */
export async function sendSdkRequest(
  client: HttpClient,
  { method, url, headers, content, signal }: SdkRequest,
): Promise<HttpResponse> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  try {
    return await client.send({
      method,
      url,
      headers,
      ...(bytes ? { body: { length: bytes.length, open: async () => bytes } } : {}),
      timeout: registryLimits.handshake,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    throw networkError(method, url, error);
  }
}
