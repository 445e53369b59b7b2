// The faults of the soak test: one for each request with a given probability, of a kind that the request can survive.
import type { Fault } from '../test/support/fault.ts';
import type { RecordedRequest } from '../test/support/journal.ts';

/**
 * Returns a function that chooses the fault for a request, or none. Content is changed only where a client can notice
 * it: in blobs, and in manifests by digest.
 */
export function randomFaults(
  share: number,
  random: () => number,
): (request: RecordedRequest) => Fault | undefined {
  const below = (limit: number) => Math.floor(random() * limit);
  return ({ method, path }) => {
    if (random() >= share) {
      return undefined;
    }
    const isRead = method === 'GET';
    const isUpload = method === 'PATCH' || method === 'PUT';
    const faults: Fault[] = [
      ...[429, 500, 502, 503].map((status): Fault => ({ kind: 'status', status })),
      { kind: 'reset' },
      // The registry has done what was requested, but the client does not learn it.
      { kind: 'reset', after: 0 },
      ...(isRead
        ? ([
            { kind: 'truncate', after: below(1000) },
            { kind: 'reset', after: below(1000) },
            { kind: 'chunked' },
          ] satisfies Fault[])
        : []),
      ...(isRead && /\/(?:blobs|manifests)\/sha256:/.test(path) ? [{ kind: 'flip' } satisfies Fault] : []),
      ...(isUpload
        ? ([
            { kind: 'status', status: 503, early: true },
            { kind: 'resetUpload', after: 1 + below(1000) },
          ] satisfies Fault[])
        : []),
    ];
    return faults[below(faults.length)];
  };
}
