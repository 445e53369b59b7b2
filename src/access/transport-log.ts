// Log lines for what happens in exchanges with a registry: retries, token queries without credentials, reads over http.
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import type { OnTransportEvent } from '../transport/transport-event.ts';

/** A receiver that logs events as warnings; a redirect to http once for each registry. */
export function logTransportEvents(log: Log): OnTransportEvent {
  const readPlain = new Set<string>();
  return (event) => {
    switch (event.kind) {
      case 'retry':
        log.warn(`transient error: ${errorText(event.error)}; retrying in ${formatWait(event.wait)}`);
        return;
      case 'anonymous-token-refused':
        log.warn(
          `the token server of ${event.registry} refused a query without credentials; no username and password are set for it`,
        );
        return;
      case 'plain-http-read':
        if (!readPlain.has(event.registry)) {
          readPlain.add(event.registry);
          log.warn(
            `${event.registry} redirects downloads to http://${event.host}: they are verified, but not confidential`,
          );
        }
    }
  };
}

function formatWait(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.ceil(milliseconds)}ms` : `${(milliseconds / 1000).toFixed(1)}s`;
}
