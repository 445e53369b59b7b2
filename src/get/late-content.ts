// Waits for content that a registry does not serve yet: some need a moment to show what was just pushed.
import type { ContentReader } from '../content/content-graph.ts';
import type { Log } from '../log.ts';
import { isMissing } from '../registry/manifest-endpoint.ts';
import type { Clock } from '../transport/clock.ts';

/** The time that one get has to wait for all content that is missing. */
export interface WaitingTime {
  /** The wait between two requests for the same content, in milliseconds. */
  readonly pause: number;
  /** What is left of the time, in milliseconds. */
  left(): number;
  /** Spends the time from now on until the returned function is called; what is waited for at once spends it once. */
  spend(): () => void;
}

/** How a get waits, and what for. */
export interface WaitOptions {
  readonly missing: WaitingTime;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/** A time to wait of `total` milliseconds that has not begun: downloads between two waits take nothing of it. */
export function waitingTime(
  { total, pause }: { readonly total: number; readonly pause: number },
  clock: Clock,
): WaitingTime {
  let spent = 0;
  let waiting = 0;
  let since = 0;
  const current = () => (waiting > 0 ? clock.now() - since : 0);
  return {
    pause,
    left: () => total - spent - current(),
    spend() {
      since = waiting > 0 ? since : clock.now();
      waiting++;
      return () => {
        spent += waiting === 1 ? current() : 0;
        waiting--;
      };
    },
  };
}

/**
 * Repeats a request while the registry responds 404, until the time of the get is over: then throws the last
 * RegistryError. One warning says what is waited for, and for how long.
 */
export async function waitUntilServed<Result>(
  what: string,
  { missing, clock, log, signal }: WaitOptions,
  request: () => Promise<Result>,
): Promise<Result> {
  let stop: (() => void) | undefined;
  try {
    for (;;) {
      try {
        return await request();
      } catch (error) {
        if (!isMissing(error) || missing.left() <= 0) {
          throw error;
        }
        if (stop === undefined) {
          const seconds = Math.ceil(missing.left() / 1000);
          log.warn(`${what} is not in the registry (yet); waiting for it for up to ${seconds} s`);
          stop = missing.spend();
        }
        await clock.sleep(Math.min(missing.pause, missing.left()), signal);
      }
    }
  } finally {
    stop?.();
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
