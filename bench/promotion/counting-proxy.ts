// A proxy before a registry that counts requests, connections, and the bytes that the registry sends; it may throttle once.
import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What has passed the proxy so far. */
export interface CountingProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly requests: number;
  /** Bytes of the bodies of responses. */
  readonly sent: number;
  /** The greatest number of connections at the same time. */
  readonly connections: number;
  /** Requests that were refused. */
  readonly refused: number;
}

/** After how many requests a proxy refuses all that come within so many seconds, with 429. */
export interface ThrottlePeriod {
  readonly after: number;
  readonly seconds: number;
}

/** Starts a proxy before `registry`, which is `host:port`. */
export async function startCountingProxy(registry: string, period?: ThrottlePeriod): Promise<CountingProxy> {
  const isRefused = period ? refusalsOf(period) : () => false;
  let refused = 0;
  let requests = 0;
  let sent = 0;
  let open = 0;
  let most = 0;
  const [hostname, port] = registry.split(':');
  const server = createServer((received, answer) => {
    requests += 1;
    if (period && isRefused(requests)) {
      refused += 1;
      received.resume();
      answer.writeHead(429, { 'retry-after': String(period.seconds) }).end();
      return;
    }
    const { method, url, headers } = received;
    // The registry makes the addresses of uploads from the header Host: they lead through the proxy, too.
    const forwarded = send({ hostname, port, method, path: url, headers, agent: false }, (response) => {
      answer.writeHead(response.statusCode ?? 0, response.rawHeaders);
      response.on('data', (chunk: Buffer) => {
        sent += chunk.length;
      });
      response.pipe(answer);
    });
    forwarded.on('error', () => answer.destroy());
    received.pipe(forwarded);
  });
  server.on('connection', (socket) => {
    open += 1;
    most = Math.max(most, open);
    socket.on('close', () => {
      open -= 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    get connections() {
      return most;
    },
    get refused() {
      return refused;
    },
    get sent() {
      return sent;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Whether the request of this number is refused; the period begins with the first one that is. */
function refusalsOf({ after, seconds }: ThrottlePeriod): (number: number) => boolean {
  let end: number | undefined;
  return (number) => {
    if (number <= after) {
      return false;
    }
    end ??= performance.now() + seconds * 1000;
    return performance.now() < end;
  };
}
