// An HTTP server on loopback for tests: it records requests, applies a fault script, and closes at once.
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { KeyPair } from './certificates.ts';
import { type ExchangeParts, exchange } from './exchange.ts';
import { type FaultRule, FaultScript } from './fault.ts';
import { Journal } from './journal.ts';

/** What a server consists of. */
export interface RecordingServerOptions {
  /** The keys for TLS; plain HTTP when absent. */
  readonly tls?: Pick<KeyPair, 'key' | 'cert'> | undefined;
  readonly faults?: readonly FaultRule[] | undefined;
  /** A free port when absent. */
  readonly port?: number | undefined;
  /** Returns the response to a request when the whole body has arrived; a thrown error becomes a 500. */
  readonly answer: ExchangeParts['answer'];
}

/** A running server. */
export interface RecordingServer extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** `localhost:PORT`: the same server under another name. */
  readonly otherHost: string;
  readonly scheme: 'http' | 'https';
  /** Scheme and host, without a trailing slash. */
  readonly url: string;
  readonly journal: Journal;
  readonly faults: FaultScript;
  /** Connections accepted so far, failed TLS handshakes included. */
  readonly connections: number;
  /** TLS handshakes that the client aborted. */
  readonly failedHandshakes: number;
  /** Closes the server and every connection at once. */
  close(): Promise<void>;
}

/** Starts a server on a port of 127.0.0.1. */
export async function startRecordingServer(options: RecordingServerOptions): Promise<RecordingServer> {
  const journal = new Journal();
  const faults = new FaultScript(options.faults);
  const sockets = new Set<Socket>();
  let connections = 0;
  let failedHandshakes = 0;
  const listener: RequestListener = (request, response) => {
    void exchange(request, response, { journal, faults, answer: options.answer });
  };
  // A client may follow a Location of 64 KiB.
  const maxHeaderSize = 256 * 1024;
  const server = options.tls
    ? createTlsServer({ key: options.tls.key, cert: options.tls.cert, maxHeaderSize }, listener)
    : createServer({ maxHeaderSize }, listener);
  // No timeouts: a connection ends when a fault, the client or close() ends it.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {
    failedHandshakes += 1;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls ? 'https' : 'http';
  const close = async () => {
    const ended = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) {
      socket.destroy();
    }
    await ended;
  };
  return {
    port,
    host: `127.0.0.1:${port}`,
    otherHost: `localhost:${port}`,
    scheme,
    url: `${scheme}://127.0.0.1:${port}`,
    journal,
    faults,
    get connections() {
      return connections;
    },
    get failedHandshakes() {
      return failedHandshakes;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
