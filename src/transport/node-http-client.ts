// The HTTP client on the runtime's own `node:http`: it keeps its connections, and limits their number for each server.
import type { Agent, RequestOptions } from 'node:http';
import type { Readable } from 'node:stream';
import { createLimiter, type Limiter } from '../limiter.ts';
import { maximumHeaders } from '../limits.ts';
import {
  createConnectionAgent,
  type ProxyServer,
  parseProxy,
  proxyRefusal,
  withoutBrackets,
} from './connections.ts';
import { Exchange } from './exchange.ts';
import type { HttpClient, HttpClientOptions, HttpRequest, HttpResponse } from './http-client.ts';
import { isUntrusted, proxyError } from './network-error.ts';
import { requestUrl } from './resolve-url.ts';
import { registryLimits } from './time-limits.ts';

/** Some servers refuse requests without a User-Agent. */
const userAgent = 'registry-image-resource';
const connectionsPerOrigin = 32;

/** The way to servers: their connections, and the proxy in between. */
interface Route {
  readonly agent: Agent;
  readonly proxy: ProxyServer | undefined;
  /** Origin → the requests that may run at a time. */
  readonly limiters: Map<string, Limiter>;
}

/**
 * A client that keeps its connections until it is closed. When the usual roots do not verify the certificate of a server,
 * the request is sent once more with all roots.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const {
    connectTimeout: timeout = registryLimits.connect,
    signal: everyRequest,
    clientCertificate,
    timeoutDivisor = 1,
  } = options;
  const routes = new Map<string, Route>();
  const running = new Set<Exchange>();
  let closed: Error | undefined;

  const routeFor = (url: string, secure: boolean, trusted: 'usual' | 'all'): Route => {
    const proxyUrl = options.proxyFor(url);
    const key = `${secure} ${trusted} ${proxyUrl ?? ''}`;
    const known = routes.get(key);
    if (known) {
      return known;
    }
    const proxy = proxyUrl === undefined ? undefined : parseProxy(proxyUrl);
    const roots = () => options.trustRoots[trusted]();
    const agent = createConnectionAgent({ secure, timeout, roots, clientCertificate, proxy });
    const route = { agent, proxy, limiters: new Map<string, Limiter>() };
    routes.set(key, route);
    return route;
  };

  const throwIfEnded = ({ signal, isCleanUp }: HttpRequest) => {
    if (closed) {
      throw closed;
    }
    signal?.throwIfAborted();
    if (!isCleanUp) {
      everyRequest?.throwIfAborted();
    }
  };

  const mayLackTls = (request: HttpRequest) =>
    (request.mayLackTls ?? false) && clientCertificate === undefined && !options.trustRoots.hasOwn;

  let roots: 'usual' | 'all' = 'usual';
  const sendTrusting = async (request: HttpRequest, trusted: 'usual' | 'all'): Promise<HttpResponse> => {
    const { scheme, origin, target } = requestUrl(request.url);
    throwIfEnded(request);
    const route = routeFor(request.url, scheme === 'https', trusted);
    const limiter = route.limiters.get(origin) ?? createLimiter(connectionsPerOrigin);
    route.limiters.set(origin, limiter);
    const release = await limiter.acquire(request.signal);
    let exchange: Exchange;
    let body: Readable | Uint8Array | undefined;
    try {
      throwIfEnded(request);
      body = await request.body?.open();
      throwIfEnded(request);
      const parts = parameters(request, route, origin, target);
      exchange = new Exchange(request, { ...parts, mayLackTls: mayLackTls(request) }, timeoutDivisor);
    } catch (error) {
      if (body && 'destroy' in body) {
        body.destroy();
      }
      release();
      throw error;
    }
    running.add(exchange);
    exchange.whenClosed(() => {
      running.delete(exchange);
      release();
    });
    const response = await exchange.send(body);
    // Through a tunnel it is the server that responds.
    if (response.status === 407 && route.proxy && scheme === 'http') {
      response.body.on('error', () => {}).destroy();
      throw proxyRefusal(request.method, response.status);
    }
    return response;
  };

  // One listener for all requests: a check sends thousands.
  everyRequest?.addEventListener('abort', () => {
    for (const exchange of running) {
      if (!exchange.isCleanUp) {
        exchange.end(everyRequest.reason);
      }
    }
  });

  return {
    async send(request) {
      // The roots of this request: another one may have changed them when this one fails.
      const trusted = roots;
      try {
        return await sendTrusting(request, trusted);
      } catch (error) {
        if (trusted === 'all' || !isUntrusted(error)) {
          const proxy = options.proxyFor(request.url);
          throw (proxy && proxyError(request.method, request.url, proxy, error)) || error;
        }
        roots = 'all';
        return await sendTrusting(request, 'all');
      }
    },
    async close() {
      closed = Object.assign(new Error('the HTTP client is closed'), { code: 'CLIENT_CLOSED' });
      for (const exchange of running) {
        exchange.end(closed);
      }
      for (const { agent } of routes.values()) {
        agent.destroy();
      }
    },
  };
}

/** What `node:http` needs to know of a request. A proxy gets the whole URL of one that it does not tunnel (RFC 9112, section 3.2.2). */
function parameters(
  request: HttpRequest,
  { agent, proxy }: Route,
  origin: string,
  target: string,
): RequestOptions {
  const server = new URL(origin);
  const isToProxy = proxy !== undefined && server.protocol === 'http:';
  const { length } = request.body ?? {};
  const isWrite = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'DELETE';
  return {
    agent,
    protocol: server.protocol,
    host: isToProxy ? proxy.host : withoutBrackets(server.hostname),
    port: isToProxy ? proxy.port : server.port || (server.protocol === 'https:' ? 443 : 80),
    path: isToProxy ? `${origin}${target}` : target,
    method: request.method,
    maxHeaderSize: maximumHeaders,
    headers: {
      host: server.host,
      'user-agent': userAgent,
      // Content is verified as it is stored, and only an uncoded body can be resumed.
      'accept-encoding': 'identity',
      ...(isToProxy ? proxy.headers : {}),
      ...request.headers,
      ...(length !== undefined || isWrite ? { 'content-length': String(length ?? 0) } : {}),
    },
  };
}
