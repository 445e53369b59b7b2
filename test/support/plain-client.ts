// Sends one HTTP request without redirects and retries: what a server really sent, also when the connection broke.
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

/** The response. `error` is the code of what broke the exchange; `status` is 0 when there was no response at all. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly error?: string;
}

/** A request. */
export interface PlainRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Trust roots for https. */
  readonly ca?: string;
  /** Called with each piece of the body as it arrives. */
  readonly onData?: (chunk: Buffer) => void;
  readonly signal?: AbortSignal;
}

/** Sends a request on its own connection, follows no redirect and retries nothing. */
export function plainRequest(url: string, options: PlainRequest = {}): Promise<PlainAnswer> {
  const { method = 'GET', headers = {}, body, ca, signal } = options;
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const settings = { method, headers: { ...length, ...headers }, ...(signal ? { signal } : {}) };
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let began: IncomingMessage | undefined;
    const finish = (error?: NodeJS.ErrnoException) =>
      resolve({
        status: began?.statusCode ?? 0,
        headers: began?.headers ?? {},
        body: Buffer.concat(chunks),
        ...(error === undefined ? {} : { error: error.code ?? error.message }),
      });
    const exchange = url.startsWith('https:')
      ? tlsRequest(url, { ...settings, agent: new TlsAgent(ca === undefined ? {} : { ca }) })
      : request(url, { ...settings, agent: new Agent() });
    exchange.on('error', finish);
    exchange.on('response', (response) => {
      began = response;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        options.onData?.(chunk);
      });
      response.on('error', finish);
      response.on('end', () => finish());
    });
    exchange.end(body);
  });
}
