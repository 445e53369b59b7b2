// Debug lines for HTTP requests: what was requested, and the status or failure that came back.
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../transport/clock.ts';
import type { HttpClient } from '../transport/http-client.ts';
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
      const report = (outcome: string) =>
        log.debug(`${request.method} ${redactedUrl(request.url)}: ${outcome}`, { ms: now() - start });
      try {
        const response = await client.send(request);
        report(String(response.status));
        return response;
      } catch (error) {
        report(errorText(error));
        throw error;
      }
    },
  };
}
