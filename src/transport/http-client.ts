// The HTTP client: connections, TLS, proxies, time limits. The only file that uses undici.
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agent, type buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { UserError } from '../errors.ts';
import { maximumHeader, maximumHeaders, maximumQuotedName } from '../limits.ts';
import { skipInterimResponses } from './interim-responses.ts';
import { isUntrusted, proxyError } from './network-error.ts';
import { redactedUrl } from './redacted-url.ts';
import { requestUrl } from './resolve-url.ts';
import { idleConnection, registryLimits } from './time-limits.ts';
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
  /** Sends the request even after the client's own signal is aborted: to clean up at the server. */
  readonly isCleanUp?: boolean;
}

/** A response whose headers have arrived. The body must be read to its end or destroyed. */
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

/** A certificate and its private key, both as PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
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

/** Some servers refuse requests without a User-Agent. */
const userAgent = 'registry-image-resource';
const connectionsPerOrigin = 32;

/**
 * A client that keeps its connections until it is closed. When the usual roots do not verify the certificate of a server,
 * the request is sent once more with all roots.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { connectTimeout = registryLimits.connect, signal: everyRequest } = options;
  const dispatchers = new Map<string, Dispatcher>();
  skipInterimResponses();

  const dispatcherFor = (url: string, secure: boolean, roots: 'usual' | 'all'): Dispatcher => {
    const proxy = options.proxyFor(url);
    const key = `${secure} ${roots} ${proxy ?? ''}`;
    const known = dispatchers.get(key);
    if (known) {
      return known;
    }
    const isTls = secure || proxy?.startsWith('https:');
    // As in Go, each trusted certificate is an anchor, also that of an intermediate authority or of the server itself.
    const tls = isTls ? { ca: [...options.trustRoots[roots]()], allowPartialTrustChain: true } : {};
    const shared = {
      connections: connectionsPerOrigin,
      keepAliveTimeout: idleConnection,
      pipelining: 1,
      maxHeaderSize: maximumHeaders,
      allowH2: false,
    };
    const connect = { timeout: connectTimeout, ...tls };
    const toServer = { ...connect, ...options.clientCertificate };
    const dispatcher =
      proxy === undefined
        ? new Agent({ ...shared, connect: toServer })
        : openProxy({
            ...shared,
            uri: proxy,
            proxyTunnel: secure,
            proxyTls: connect,
            requestTls: toServer,
            // A proxy responds to CONNECT only after it has tried to connect.
            clientFactory: (origin, settings) =>
              proxyPool(origin, { ...settings, headersTimeout: connectTimeout }),
            factory: proxyPool,
          });
    dispatchers.set(key, dispatcher);
    return dispatcher;
  };

  let roots: 'usual' | 'all' = 'usual';
  const sendTrusting = async (request: HttpRequest, trusted: 'usual' | 'all'): Promise<HttpResponse> => {
    const { scheme, origin, target } = requestUrl(request.url);
    const { length } = request.body ?? {};
    const divisor = options.timeoutDivisor ?? 1;
    const timeout = request.timeout / divisor;
    const ending = request.isCleanUp ? undefined : everyRequest;
    const signals = [request.signal, ending].filter((signal) => signal !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    signal?.throwIfAborted();
    // undici frees a connection one turn after its response has ended: a request that follows at once would open
    // another one.
    await nextTurn();
    const response = await dispatcherFor(request.url, scheme === 'https', trusted).request({
      origin,
      path: target,
      method: request.method,
      headers: {
        'user-agent': userAgent,
        // Content is verified as it is stored, and only an uncoded body can be resumed.
        'accept-encoding': 'identity',
        ...request.headers,
        ...(length === undefined ? {} : { 'content-length': String(length) }),
      },
      body: request.body ? await request.body.open() : null,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      signal: signal ?? null,
      // By default undici closes the connection after a HEAD: a check of a thousand tags would open a thousand.
      reset: false,
    });
    const { statusCode: status, headers, body } = response;
    requireShortHeaders(headers, body, request);
    // A response to HEAD has no body to wait for, and a check sends thousands.
    const isUnlimited =
      request.method === 'HEAD' || (request.isContent && (status === 200 || status === 206));
    if (request.bodyTime !== undefined && !isUnlimited) {
      limitTime(body, request.bodyTime / divisor);
    }
    return { url: request.url, status, headers, body };
  };

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
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}

/** Ends a body with the error of a silent server when it is not read to its end in time: it may come byte by byte. */
function limitTime(body: Readable, milliseconds: number): void {
  const timer = setTimeout(() => {
    body.destroy(Object.assign(new Error('Body Timeout Error'), { code: 'UND_ERR_BODY_TIMEOUT' }));
  }, milliseconds).unref();
  body.once('close', () => clearTimeout(timer));
  // There may be no reader yet: one that begins later gets the error.
  body.on('error', () => {});
}

function isLong(line: string): boolean {
  return line.length > maximumHeader;
}

/** Throws a UserError for a header that is longer than any can be that means something. */
function requireShortHeaders(headers: HttpResponse['headers'], body: Readable, request: HttpRequest): void {
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (typeof value === 'string' ? isLong(value) : value.some(isLong)) {
      body.on('error', () => {}).destroy();
      throw new UserError(
        `${request.method} ${redactedUrl(request.url)}: the header ${name.slice(0, maximumQuotedName)} of the response is longer than ${maximumHeader} bytes`,
        { code: 'HEADERS_TOO_LONG' },
      );
    }
  }
}

/** A pool for connections to a proxy: undici names the host of the proxy also where TLS has no name for it. */
function proxyPool(origin: string | URL, options: Pool.Options): Pool {
  const { connect } = options;
  return new Pool(
    origin,
    typeof connect === 'function' ? { ...options, connect: withoutAddressAsName(connect) } : options,
  );
}

/** TLS sends names of hosts only, no addresses (RFC 6066, section 3): runtimes refuse one. */
function withoutAddressAsName(connect: buildConnector.connector): buildConnector.connector {
  return ({ servername = '', ...options }, callback) =>
    connect(isIP(servername) > 0 ? options : { ...options, servername }, callback);
}

function openProxy(options: ProxyAgent.Options): ProxyAgent {
  try {
    return new ProxyAgent(options);
  } catch {
    // The cause may quote the URL, and with it a password.
    throw new UserError('the URL of the proxy cannot be used', { code: 'PROXY_URL_INVALID' });
  }
}
