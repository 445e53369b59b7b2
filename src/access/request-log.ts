// Debug lines for HTTP requests: what was requested, and the status or failure that came back.
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../transport/clock.ts';
import type { HttpClient } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { redactedUrl } from '../transport/redacted-url.ts';

/** A client that logs each of its requests when its response begins or it fails; the same client without debug lines. */
export function loggingRequests(client: HttpClient, log: Log, { now }: Clock): HttpClient {
  if (!log.debugging) {
    return client;
  }
  return {
    ...client,
    async send(request) {
      const start = now();
      try {
        const response = await client.send(request);
        const { method, url } = request;
        log.debug(`${method} ${redactedUrl(url)}: ${response.status}`, { ms: now() - start });
        return response;
      } catch (error) {
        log.debug(errorText(networkError(request.method, request.url, error)), { ms: now() - start });
        throw error;
      }
    },
  };
}
