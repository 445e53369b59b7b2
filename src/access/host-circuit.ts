// Gives up on a host that has failed every request for a while: among thousands of repositories it must not be waited for.
import { errorText, UserError } from '../errors.ts';
import type { Clock } from '../transport/clock.ts';
import type { HttpClient } from '../transport/http-client.ts';

/** So long, in milliseconds, every request must have failed. */
const patience = 60_000;
/** Afterwards one request each so often, in milliseconds, asks whether the host is back. */
const probePause = 10_000;

/**
 * A client whose requests fail at once, with a UserError that no policy retries, while its host is down: while no request
 * has been answered with a status below 500 for a minute, although some were sent.
 */
export function withHostCircuit(client: HttpClient, clock: Clock): HttpClient {
  let down: { readonly since: number; readonly reason: string } | undefined;
  let probedAt = 0;

  const refuse = () => {
    const now = clock.now();
    if (down && now - down.since >= patience) {
      if (now - probedAt < probePause) {
        const seconds = Math.round((now - down.since) / 1000);
        throw new UserError(
          `not sent, because every request to this host has failed for ${seconds} seconds, the first with: ${down.reason}`,
          { hint: 'run the command again when the host responds; what is done already is not done again' },
        );
      }
      probedAt = now;
    }
  };
  const fail = (reason: string) => {
    down ??= { since: clock.now(), reason };
  };

  return {
    ...client,
    async send(request) {
      refuse();
      try {
        const response = await client.send(request);
        if (response.status < 500) {
          down = undefined;
        } else {
          fail(`status ${response.status}`);
        }
        return response;
      } catch (error) {
        if (!request.signal?.aborted) {
          fail(errorText(error));
        }
        throw error;
      }
    },
  };
}
