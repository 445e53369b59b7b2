// SIGINT and SIGTERM: the command gets the time to clean up, then the process ends in any case.
import { constants } from 'node:os';
import { UserError } from '../errors.ts';

/** Whether and how the process was asked to end. */
export interface Interruption {
  /** Aborted by the first signal; the reason is a {@link UserError} that names it. */
  readonly signal: AbortSignal;
  /** The exit status after a signal: 128 and its number, as shells count it. Undefined before. */
  readonly status: number | undefined;
}

/** What signals are received from; a Node process is one. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** How long a command may clean up after a signal, in milliseconds. */
export const cleanUpTime = 3_000;

/**
 * Listens for signals from now on. `end` is called with the exit status at the second signal, or when the time for
 * cleaning up is over. The first process of a container has no default action for signals: without this it would not
 * end.
 */
export function listenForSignals(source: SignalSource, end: (status: number) => void): Interruption {
  const controller = new AbortController();
  let status: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    source.on(signal, () => {
      if (status !== undefined) {
        end(128 + constants.signals[signal]);
        return;
      }
      const own = 128 + constants.signals[signal];
      status = own;
      setTimeout(() => end(own), cleanUpTime);
      controller.abort(new UserError(`interrupted by ${signal}`));
    });
  }
  return {
    signal: controller.signal,
    get status() {
      return status;
    },
  };
}
