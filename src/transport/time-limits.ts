// How long a server may be silent before a try has failed.

/** The longest silences that are waited for, in milliseconds. */
export interface TimeLimits {
  /** Until a connection stands, with TLS and with the tunnel through a proxy. */
  readonly connect: number;
  /** Before and within the answer to a ping or a request for a token. */
  readonly handshake: number;
  /** The same for requests that read. */
  readonly read: number;
  /** The same for requests that write: a registry may work on a large upload before it answers. */
  readonly write: number;
}

/** For a registry that nothing stands in for; the time to connect is upstream's. */
export const registryLimits: TimeLimits = {
  connect: 30_000,
  handshake: 30_000,
  read: 60_000,
  write: 15 * 60_000,
};

/** For a mirror, behind which another registry waits: one that does not answer must cost seconds only. */
export const mirrorLimits: TimeLimits = { ...registryLimits, connect: 3_000, handshake: 5_000, read: 10_000 };
