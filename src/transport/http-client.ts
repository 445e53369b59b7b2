// What an HTTP client is: requests, responses, and what it asks of its surroundings.
import type { Readable } from 'node:stream';
import type { ClientCertificate } from './connections.ts';
import type { TrustRoots } from './trust-roots.ts';

/** A body that is sent with its length; opened anew for every sending. */
export interface RequestBody {
  /** In bytes. */
  readonly length: number;
  open(): Promise<Readable | Uint8Array>;
}

/** A request; `url` is absolute and sent as it is. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /**
   * The longest silence of the server in milliseconds, before the response and within it.
   */
  readonly timeout: number;
  /** The longest time that the body of a response may take as a whole, in milliseconds; without it there is no limit. */
  readonly bodyTime?: number;
  /** Whether the body of a 200 or 206 may take longer than `bodyTime`: it is the content of a blob. */
  readonly isContent?: boolean;
  readonly signal?: AbortSignal;
  /**
   * Whether the server of an https URL may speak plain http: then it is asked first whether it speaks TLS. Not through a proxy,
   * nor with certificates of its own, which say that it does.
   */
  readonly mayLackTls?: boolean;
  /** Sends the request even after the client's own signal is aborted: to clean up at the server. */
  readonly isCleanUp?: boolean;
}

/** A response whose headers have arrived. The body must be read to its end or destroyed; after HEAD it is at its end. */
export interface HttpResponse {
  /** The URL of the request. */
  readonly url: string;
  readonly status: number;
  /** Lower-case names; a header that occurs several times is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** Sends requests. When the network fails, rejects with the error of the runtime, or one about the proxy. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Ends all connections at once. */
  close(): Promise<void>;
}

/** What an {@link HttpClient} asks of its surroundings. */
export interface HttpClientOptions {
  /** The certificates that are trusted; read at the first TLS connection. */
  readonly trustRoots: TrustRoots;
  /** The time limit for opening a connection, in milliseconds; by default that of a registry. */
  readonly connectTimeout?: number;
  /** Sent to servers that ask for one; not to a proxy. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** The URL of the proxy for a request to this URL, if there is one. */
  proxyFor(url: string): string | undefined;
  /** The time limits of requests are divided by this number; 1 by default. */
  readonly timeoutDivisor?: number;
  /** Ends every request with the signal's reason when it is aborted, also one whose body is being read. */
  readonly signal?: AbortSignal | undefined;
}
