// Ends a download that gets no further than a least rate: a server may keep a connection alive byte by byte.
import { UserError } from '../errors.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { leastRate } from '../transport/time-limits.ts';

/** A server that sends less than the least rate. */
export class SlowServerError extends UserError {
  override readonly name: string = 'SlowServerError';

  constructor(url: string) {
    super(`GET ${redactedUrl(url)}: the server sends less than ${leastRate} bytes a second`, {
      code: 'SERVER_SLOW',
    });
  }
}

/** The same chunks; throws a {@link SlowServerError} when they come too slowly. */
export type RateGuard = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

/**
 * A guard for the response of a URL. In each `window` (milliseconds) that is spent waiting for the server, it must send as much as the
 * least rate demands. The time in which no bytes are read does not count: a layer waits while another one is written.
 */
export function rateGuard(url: string, window: number, now: () => number): RateGuard {
  const least = (leastRate * window) / 1000;
  return async function* guarded(chunks) {
    let waited = 0;
    let received = 0;
    let askedAt = now();
    for await (const chunk of chunks) {
      waited += now() - askedAt;
      received += chunk.length;
      if (received >= least) {
        waited = 0;
        received = 0;
      } else if (waited >= window) {
        throw new SlowServerError(url);
      }
      yield chunk;
      askedAt = now();
    }
  };
}
