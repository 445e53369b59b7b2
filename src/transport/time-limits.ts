// The time limits of connections and responses. The waits between retries belong to the retry policies.

/** The longest silences of a server, and the longest times that it may take, in milliseconds. */
export interface TimeLimits {
  /** Until a connection is open, including TLS and the tunnel through a proxy. */
  readonly connect: number;
  /** Before and within the response to a ping or a token query. */
  readonly handshake: number;
  /** The same for requests that read. */
  readonly read: number;
  /** The same for requests that write: a registry may work on a large upload before it responds. */
  readonly write: number;
  /** For the whole body of a document, such as a manifest or a token: a server may send it byte by byte. */
  readonly document: number;
  /** The time in which a blob must get further by {@link leastRate} for each second, while it is waited for. */
  readonly blob: number;
}

/** The least rate of a download, in bytes a second. */
export const leastRate = 1024;

/** The limits of a registry that no other one can replace; the time to connect is upstream's. */
export const registryLimits: TimeLimits = {
  connect: 30_000,
  handshake: 30_000,
  read: 60_000,
  write: 15 * 60_000,
  document: 5 * 60_000,
  blob: 60_000,
};

/** The limits of a mirror: one that does not respond must cost seconds only, because the registry can be asked. */
export const mirrorLimits: TimeLimits = {
  ...registryLimits,
  connect: 3_000,
  handshake: 5_000,
  read: 10_000,
  document: 30_000,
};

/** How long a ping waits for https alone before it tries http as well, in milliseconds: as go-containerregistry. */
export const httpHeadStart = 300;

/** How long an idle connection is kept for the next request, in milliseconds. */
export const idleConnection = 30_000;
