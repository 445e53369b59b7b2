// Connections to servers: TCP and TLS, through a proxy where there is one, and each open within a time limit.
import { Agent, type RequestOptions, request } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { UserError } from '../errors.ts';
import { idleConnection } from './time-limits.ts';
import { requireTls } from './tls-probe.ts';

/** A client's own certificate and its private key, both as PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** How the connections of one agent are opened. */
export interface ConnectionSettings {
  /** Whether the server speaks TLS. */
  readonly secure: boolean;
  /** The time limit for opening a connection, in milliseconds. */
  readonly timeout: number;
  /** The certificates that are trusted, in PEM; read at the first TLS connection. */
  readonly roots: () => readonly string[];
  /** Sent to servers that ask for one; not to a proxy. */
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly proxy?: ProxyServer | undefined;
}

/** A proxy, and what tells it who asks. */
export interface ProxyServer {
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** `Proxy-Authorization`, where the URL has a user. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The proxy of a URL with the scheme http or https and perhaps user and password. Throws a UserError that does not quote the
 * URL, because of the password.
 */
export function parseProxy(url: string): ProxyServer {
  try {
    const { protocol, hostname, port, username, password } = new URL(url);
    if (protocol === 'http:' || protocol === 'https:') {
      const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      const secure = protocol === 'https:';
      return {
        secure,
        host: withoutBrackets(hostname),
        port: Number(port) || (secure ? 443 : 80),
        headers: username ? { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` } : {},
      };
    }
  } catch {
    // What is thrown quotes the URL.
  }
  throw new UserError('the URL of the proxy cannot be used', { code: 'PROXY_URL_INVALID' });
}

/** The address in brackets of a URL, or any other host as it is. */
export function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** Is given, when a connection is opened for a request, what ends the opening with an error. */
export type OnOpening = (end: (reason: Error) => void) => void;

/**
 * What a request tells its agent besides what `node:http` knows: a destroyed request of `node:http` waits for its connection
 * all the same.
 */
export interface ConnectionRequest extends RequestOptions {
  readonly onOpening: OnOpening;
  /** Whether a server that does not speak TLS is to be recognised before certificates are parsed: that takes milliseconds. */
  readonly mayLackTls: boolean;
}

/**
 * An agent of `node:http` that keeps the connections it opens for the next request. It does not limit their number: that of
 * Node counts only those that are open.
 */
export function createConnectionAgent(settings: ConnectionSettings): Agent {
  const contexts = new Map<string, SecureContext>();
  // As in Go, each trusted certificate is an anchor, also that of an intermediate authority or of the server itself. One
  // context for all connections: the system's 140 certificates take milliseconds to parse.
  const contextFor = (peer: 'server' | 'proxy'): SecureContext => {
    const own = peer === 'server' ? settings.clientCertificate : undefined;
    const context =
      contexts.get(peer) ??
      createSecureContext({ ca: [...settings.roots()], allowPartialTrustChain: true, ...own });
    contexts.set(peer, context);
    return context;
  };
  const isToProxy = settings.proxy !== undefined && !settings.secure;
  const agent = new Agent({ keepAlive: true, timeout: idleConnection });
  const keepSocketAlive = agent.keepSocketAlive.bind(agent);
  return Object.assign(agent, {
    protocol: settings.secure && !isToProxy ? 'https:' : 'http:',
    defaultPort: settings.secure ? 443 : 80,
    createConnection(
      target: ConnectionRequest,
      opened: (error: Error | null, socket?: Socket) => void,
    ): undefined {
      const peer = { host: target.host ?? '', port: Number(target.port) };
      openConnection(settings, contextFor, peer, target).then(
        (socket) => opened(null, socket),
        (error: Error) => opened(error),
      );
    },
    // A server that sends more than its response would have the rest taken for the response to the next request.
    keepSocketAlive: (socket: Socket) => socket.readableLength === 0 && keepSocketAlive(socket),
  });
}

interface Peer {
  readonly host: string;
  readonly port: number;
}

/** Opens a connection; `onOpening` is given what ends that at any of its stages. */
async function openConnection(
  settings: ConnectionSettings,
  contextFor: (peer: 'server' | 'proxy') => SecureContext,
  server: Peer,
  { onOpening, mayLackTls }: ConnectionRequest,
): Promise<Socket> {
  const { secure, proxy, timeout } = settings;
  const until = Date.now() + timeout;
  let current: Socket | undefined;
  onOpening((reason) => current?.destroy(reason));
  const open = (peer: Peer, context: SecureContext | undefined, below?: Socket) => {
    current = startConnection(peer, context, below);
    // Through a tunnel it is not the proxy that cannot be reached.
    const code = below ? 'TUNNEL_TIMEOUT' : 'CONNECT_TIMEOUT';
    return established(peer, current, context !== undefined, { timeout: until - Date.now(), code });
  };
  if (!proxy) {
    if (secure && mayLackTls) {
      await requireTls(await open(server, undefined), until - Date.now());
    }
    return await open(server, secure ? contextFor('server') : undefined);
  }
  const toProxy = await open(proxy, proxy.secure ? contextFor('proxy') : undefined);
  if (!secure) {
    return toProxy;
  }
  const tunnel = await openTunnel(proxy, server, toProxy, until - Date.now());
  return await open(server, contextFor('server'), tunnel);
}

function startConnection(peer: Peer, context: SecureContext | undefined, below?: Socket): Socket {
  if (!context) {
    return connectTcp(peer);
  }
  // TLS sends names of hosts only, no addresses (RFC 6066, section 3).
  const servername = isIP(peer.host) > 0 ? '' : peer.host;
  return connectTls({
    ...peer,
    servername,
    secureContext: context,
    // Both runtimes would accept any certificate where the environment has NODE_TLS_REJECT_UNAUTHORIZED=0.
    rejectUnauthorized: true,
    ...(below ? { socket: below } : {}),
  });
}

/** The socket when it can be written to; destroys it with an error of this code when that takes longer than `timeout` milliseconds. */
function established(
  peer: Peer,
  socket: Socket,
  isTls: boolean,
  { timeout, code }: { readonly timeout: number; readonly code: string },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `no connection to ${peer.host}:${peer.port} within ${Math.round(timeout)} ms`;
      socket.destroy(Object.assign(new Error(message), { code }));
    }, timeout);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      socket
        .off('error', fail)
        .off('close', close)
        .off(isTls ? 'secureConnect' : 'connect', succeed);
      act();
    };
    const fail = (error: Error) => settle(() => reject(error));
    const close = () =>
      fail(Object.assign(new Error('the connection closed while it was opened'), { code: 'ECONNRESET' }));
    const succeed = () => settle(() => resolve(socket));
    socket
      .on('error', fail)
      .on('close', close)
      .on(isTls ? 'secureConnect' : 'connect', succeed);
  });
}

/** The connection to a proxy as one to a server behind it: `CONNECT`, RFC 9110, section 9.3.6. */
function openTunnel(proxy: ProxyServer, server: Peer, below: Socket, timeout: number): Promise<Socket> {
  const host = isIP(server.host) === 6 ? `[${server.host}]` : server.host;
  const authority = `${host}:${server.port}`;
  return new Promise((resolve, reject) => {
    const exchange = request({
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...proxy.headers },
      createConnection: () => below,
    });
    // A proxy responds only after it has tried to connect.
    const timer = setTimeout(() => {
      const message = `the proxy did not open a tunnel to ${authority} in time`;
      exchange.destroy(Object.assign(new Error(message), { code: 'HEADERS_TIMEOUT' }));
    }, timeout);
    exchange.on('error', reject);
    exchange.on('close', () => clearTimeout(timer));
    exchange.on('connect', ({ statusCode = 0 }, socket, head) => {
      clearTimeout(timer);
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(proxyRefusal('CONNECT', statusCode));
        return;
      }
      socket.unshift(head);
      resolve(socket as Socket);
    });
    exchange.end();
  });
}

/**
 * The error for a proxy that refuses: with 407 it asks for a user. Its code is `PROXY_REFUSED`, or `PROXY_GATEWAY` where the
 * proxy only passes on that the server cannot be reached (RFC 9110, sections 15.6.3 to 15.6.5).
 */
export function proxyRefusal(method: string, status: number): Error {
  const message = `it responded to ${method} with ${status}`;
  const code = status >= 502 && status <= 504 ? 'PROXY_GATEWAY' : 'PROXY_REFUSED';
  return Object.assign(new Error(message), { code });
}
