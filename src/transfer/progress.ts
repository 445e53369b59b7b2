// How far transfers are: what whoever moves bytes tells, without knowing who shows it or how.

/** One blob on its way. Once it is done or stopped, nothing more is said about it. */
export interface Transfer {
  /** So many more bytes have passed. */
  advance(bytes: number): void;
  /** All of it has arrived. */
  done(): void;
  /** It won't go on; a transfer that never began is forgotten. */
  stop(): void;
}

/** Where transfers are announced. */
export interface Progress {
  /** A transfer of so many bytes that waits to begin; `name` is short and harmless to a terminal. */
  start(name: string, totalBytes: number): Transfer;
}

/** A {@link Progress} that is shown until it is closed, which stops what is still under way. */
export interface ShownProgress extends Progress {
  close(): void;
}

const silentTransfer: Transfer = { advance() {}, done() {}, stop() {} };

/** Progress that nobody is shown. */
export const noProgress: ShownProgress = { start: () => silentTransfer, close() {} };
