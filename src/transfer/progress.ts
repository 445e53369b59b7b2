// The interface through which transfers report their progress, whatever displays it.

/** The transfer of one blob. Calls after `done` or `stop` have no effect. */
export interface Transfer {
  /** So many more bytes were transferred. */
  advance(bytes: number): void;
  /** All bytes were transferred. */
  done(): void;
  /** The transfer has failed or was cancelled; one that never began is removed. */
  stop(): void;
}

/** Registers transfers. */
export interface Progress {
  /** A transfer that waits to begin; `name` is short and safe to print on a terminal. */
  start(name: string, totalBytes: number): Transfer;
}

/** A {@link Progress} that is displayed until it is closed, which stops the running transfers. */
export interface ShownProgress extends Progress {
  close(): void;
}

const silentTransfer: Transfer = { advance() {}, done() {}, stop() {} };

/** Progress that is not displayed. */
export const noProgress: ShownProgress = { start: () => silentTransfer, close() {} };
