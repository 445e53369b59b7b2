// An HTTP proxy that connects every tunnel to a port of this machine, so that a test server can act as any host.
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { basicHeader, type Credentials } from './registry-auth.ts';

/** A running proxy. */
export interface TunnelProxy extends AsyncDisposable {
  /** Its URL, with the credentials that it requires. */
  readonly url: string;
  /** `host:port` of every requested tunnel, in order. */
  readonly targets: readonly string[];
}

/**
 * Starts a proxy on a free port of 127.0.0.1 that connects tunnels to `port`, which may depend on the requested
 * `host:port`. It requires `credentials` if they are defined.
 */
export async function startTunnelProxy(
  port: number | ((target: string) => number),
  options: { readonly credentials?: Credentials } = {},
): Promise<TunnelProxy> {
  const { credentials } = options;
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => {
    response.writeHead(405).end();
  });
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  server.on('connection', keep);
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const target = request.url ?? '';
    targets.push(target);
    if (credentials && request.headers['proxy-authorization'] !== basicHeader(credentials)) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\n\r\n',
      );
      return;
    }
    const origin = connect(typeof port === 'number' ? port : port(target), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      origin.pipe(client).pipe(origin);
    });
    keep(origin);
    origin.on('close', () => client.destroy());
    client.on('close', () => origin.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const login = credentials
    ? `${encodeURIComponent(credentials.user)}:${encodeURIComponent(credentials.password)}@`
    : '';
  return {
    url: `http://${login}127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) {
        socket.destroy();
      }
      await ended;
    },
  };
}
