// Waits for content that a registry does not serve yet: some need a moment to show what was just pushed.
import type { ContentReader } from '../content/content-graph.ts';
import type { Log } from '../log.ts';
import { isMissing } from '../registry/manifest-endpoint.ts';
import type { Clock } from '../transport/clock.ts';

/** How long is waited, and what for. */
export interface WaitOptions {
  /** For how long content is requested again after a 404, and the wait between two requests, in milliseconds. */
  readonly missing: { readonly total: number; readonly pause: number };
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Repeats a request while the registry responds 404, until the time is over: then throws the last RegistryError. One
 * warning says what is waited for, and for how long.
 */
export async function waitUntilServed<Result>(
  what: string,
  { missing, clock, log, signal }: WaitOptions,
  request: () => Promise<Result>,
): Promise<Result> {
  const deadline = clock.now() + missing.total;
  let isFirst = true;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!isMissing(error) || clock.now() >= deadline) {
        throw error;
      }
      if (isFirst) {
        log.warn(`${what} is not in the registry (yet); waiting for it for up to ${missing.total / 1000} s`);
        isFirst = false;
      }
      await clock.sleep(missing.pause, signal);
    }
  }
}

/** A reader that waits for the manifests and blobs of another one. */
export function waitingReader(reader: ContentReader, options: WaitOptions): ContentReader {
  return {
    ...reader,
    document: (node) =>
      waitUntilServed(`${node.kind} ${node.descriptor.digest}`, options, () => reader.document(node)),
    open: (node) =>
      waitUntilServed(`${node.part ?? node.kind} ${node.descriptor.digest}`, options, () =>
        reader.open(node),
      ),
  };
}
