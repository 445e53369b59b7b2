// What happens in an exchange with a registry that its user may want to know.

/** An event, and what a surface needs to describe it. */
export type TransportEvent =
  /** An exchange failed and is retried after `wait` milliseconds. */
  | { readonly kind: 'retry'; readonly error: unknown; readonly wait: number }
  /** The token server of a registry refused a token query that carried no credentials. */
  | { readonly kind: 'anonymous-token-refused'; readonly registry: string }
  /** Content of a registry that is reached over https is read over http; it is verified by its digest. */
  | { readonly kind: 'plain-http-read'; readonly registry: string; readonly host: string };

/** Receives events while an exchange goes on. */
export type OnTransportEvent = (event: TransportEvent) => void;
