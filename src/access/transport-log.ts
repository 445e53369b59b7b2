// Log lines for what happens in exchanges with a registry: retries, and token queries without credentials.
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import type { OnTransportEvent } from '../transport/transport-event.ts';

/** A receiver that logs every event as a warning. */
export function logTransportEvents(log: Log): OnTransportEvent {
  return (event) => {
    switch (event.kind) {
      case 'retry':
        log.warn(`transient error: ${errorText(event.error)}; retrying in ${formatWait(event.wait)}`);
        return;
      case 'anonymous-token-refused':
        log.warn(
          `the token server of ${event.registry} refused a query without credentials; no username and password are set for it`,
        );
    }
  };
}

function formatWait(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.ceil(milliseconds)}ms` : `${(milliseconds / 1000).toFixed(1)}s`;
}
