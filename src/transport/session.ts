// A session with a registry for one repository: pinged and logged in once, used for every request.
import { maximumErrorBody } from '../limits.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { bearerAuthorization, maySendBearer, type ReadCredentials } from './authorization.ts';
import { type Authorizer, logIn } from './authorizer.ts';
import { findChallenge, parseChallenges } from './challenge.ts';
import type { Clock } from './clock.ts';
import { parseErrorBody } from './error-body.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { networkError } from './network-error.ts';
import { type PingResult, ping } from './ping.ts';
import { admitUrl, type UrlUse } from './plain-http.ts';
import { followRedirects, type RedirectStep } from './redirect.ts';
import { requestUrl, resolveUrl } from './resolve-url.ts';
import { discardBody, headerLines, peekBody } from './response-body.ts';
import type { Retrier } from './retrier.ts';
import {
  type ExpectedRequest,
  type ReadResponse,
  type SessionRequest,
  sendExpecting,
} from './session-request.ts';
import { registryLimits, type TimeLimits } from './time-limits.ts';
import { openTokenExchange } from './token-exchange.ts';
import type { OnTransportEvent } from './transport-event.ts';

/** An authorized session with a registry for one repository. */
export interface Session {
  readonly repository: RepositoryReference;
  /** `https://host:port` or `http://host:port` of the registry, as the ping found it. */
  readonly origin: string;
  readonly retrier: Retrier;
  readonly limits: TimeLimits;
  /**
   * Sends a request under the session's retrier and reads or discards the body. Throws a RegistryError for any status
   * that is not expected.
   */
  request(request: ExpectedRequest): Promise<ReadResponse>;
  /** The same without the retrier, for a request that is one step of a longer exchange. */
  requestOnce(request: ExpectedRequest): Promise<ReadResponse>;
  /**
   * Sends a request once: authorized where its host is the registry's, redirects followed, a refused token renewed
   * once. Returns a response of any status, its body unread. Throws a UserError when the network fails.
   */
  send(request: SessionRequest): Promise<HttpResponse>;
}

/** What a session is opened with. */
export interface SessionOptions {
  readonly client: HttpClient;
  readonly repository: RepositoryReference;
  /** The result of an earlier ping; by default the session begins with a ping. */
  readonly pinged?: PingResult | undefined;
  readonly insecure: boolean;
  /** For a server that must never be asked over http. */
  readonly secureOnly?: boolean;
  /** Called at the start, and again when the registry refuses the result: credentials may expire. */
  readonly credentials: ReadCredentials;
  /** What a token is asked for, see `repositoryScope`. */
  readonly scopes: readonly string[];
  readonly retrier: Retrier;
  readonly clock: Clock;
  readonly onEvent: OnTransportEvent;
  /** By default those of a registry. */
  readonly limits?: TimeLimits;
}

/** Pings the registry and logs in as its challenge asks. Throws a RegistryError, or a UserError for the network. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { client, repository, retrier } = options;
  const { registry } = repository;
  const pinged = options.pinged ?? (await retrier.exchange(() => ping(client, repository, options)));
  const { scheme } = pinged;
  const origin = `${scheme}://${registry}`;
  const authorizer = await retrier.exchange(() =>
    logIn({ ...options, registry, pingScheme: scheme }, pinged.challenges),
  );
  const security = { registry, scheme, insecure: options.insecure && !options.secureOnly };
  const admit: Admit = (named, use) => {
    const { url, isPlain } = admitUrl(named, use, security);
    if (isPlain) {
      options.onEvent({ kind: 'plain-http-read', registry, host: requestUrl(url).host });
    }
    return url;
  };
  const send = async (request: SessionRequest): Promise<HttpResponse> => {
    const named = resolveUrl(`${origin}/`, request.target);
    const url = admit(named, { method: request.method, isVerified: isVerifiedRead(request, named) });
    for (let sent = 1; ; sent++) {
      const exchange = { ...request, url };
      const { response: first, authorization } = await follow(
        options,
        authorizer,
        { scheme, admit },
        exchange,
      );
      const { method, anonymous } = request;
      if (anonymous || !maySendBearer(first.url, registry, scheme)) {
        return first;
      }
      const { response, isLogin } = await readRefusal(method, first);
      if (!isLogin) {
        return response;
      }
      const { status } = response;
      const challenges = parseChallenges(headerLines(response, 'www-authenticate'));
      const refusal = { method, sent: authorization, status, challenges, isRepeated: sent > 1 };
      if (!(await authorizer.refused(refusal))) {
        return response;
      }
      await discardBody(response);
    }
  };
  return {
    repository,
    origin,
    retrier,
    limits: options.limits ?? registryLimits,
    send,
    requestOnce: (request) => sendExpecting(send, request),
    request: (request) => retrier.exchange(() => sendExpecting(send, request), request.signal),
  };
}

type Admit = (url: string, use: UrlUse) => string;

/**
 * Whether a response may mean that the log-in is missing or has expired: by its status, or for 400, which means anything,
 * by its error codes; and the response with its body, which can still be read. It is received before a token is requested: the
 * connections that the refusals keep may be all that the client opens to a registry, and its token server may be that host.
 */
async function readRefusal(
  method: string,
  response: HttpResponse,
): Promise<{ response: HttpResponse; isLogin: boolean }> {
  const { status } = response;
  const mayBeLogin = [400, 401, 403].includes(status);
  if (!mayBeLogin || method === 'HEAD') {
    return { response, isLogin: mayBeLogin };
  }
  const peeked = await peekBody(response, maximumErrorBody);
  if (status !== 400) {
    return { response: peeked.response, isLogin: true };
  }
  const codes = parseErrorBody(peeked.start).map(({ code }) => code);
  const isLogin = codes.length === 0 || ['', 'DENIED', 'UNAUTHORIZED'].some((code) => codes.includes(code));
  return { response: peeked.response, isLogin };
}

/** Whether a request only reads content that is verified by its digest. */
function isVerifiedRead({ method, anonymous }: SessionRequest, url: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') {
    return false;
  }
  // Only where there is a digest: a check of a thousand tags would parse a thousand URLs for nothing.
  const isDigest = () => /\/(blobs|manifests)\/sha256:[\da-f]{64}$/.test(requestUrl(url).target);
  return anonymous === true || (url.includes('/sha256:') && isDigest());
}

async function follow(
  options: SessionOptions,
  authorizer: Authorizer,
  { scheme, admit }: { scheme: 'http' | 'https'; admit: Admit },
  request: SessionRequest & { url: string },
): Promise<{ response: HttpResponse; authorization: string | undefined }> {
  let authorization: string | undefined;
  const isVerified = isVerifiedRead(request, request.url);
  const send = async ({ method, url, keepsBody }: RedirectStep) => {
    authorization = request.anonymous ? undefined : authorizer.headerFor(method, url);
    const exchange = { ...request, method, url, body: keepsBody ? request.body : undefined };
    const response = await sendOnce(options, exchange, authorization);
    if (response.status < 400 || response.status === 404) {
      authorizer.accepted(authorization);
    }
    const isForeign = () => requestUrl(url).host !== requestUrl(request.url).host;
    return response.status === 401 && authorization === undefined && isForeign()
      ? await answerForeignChallenge(options, scheme, exchange, response)
      : response;
  };
  const { response } = await followRedirects(request, send, (url, from) =>
    admit(url, { method: request.method, from: from.url, isVerified }),
  );
  return { response, authorization };
}

/** A host that a redirect leads to may ask for a token: it is requested anonymously and used for this request only. */
async function answerForeignChallenge(
  options: SessionOptions,
  scheme: 'http' | 'https',
  request: SessionRequest & { url: string },
  refused: HttpResponse,
): Promise<HttpResponse> {
  const challenge = findChallenge(parseChallenges(headerLines(refused, 'www-authenticate')), 'bearer');
  if (!challenge) {
    return refused;
  }
  await discardBody(refused);
  const { scope } = challenge.parameters;
  const tokens = await openTokenExchange({
    ...options,
    registry: requestUrl(request.url).host,
    pingScheme: scheme,
    challenge,
    credentials: async () => undefined,
    scopes: scope === undefined ? [] : [scope],
  }).catch(() => undefined);
  return await sendOnce(options, request, tokens && bearerAuthorization(tokens.current()));
}

async function sendOnce(
  { client, limits = registryLimits }: SessionOptions,
  request: SessionRequest & { url: string },
  authorization: string | undefined,
): Promise<HttpResponse> {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  try {
    return await client.send({
      method: request.method,
      url: request.url,
      headers: {
        ...request.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(request.body ? { body: request.body } : {}),
      timeout: reads ? limits.read : limits.write,
      bodyTime: limits.document,
      ...(request.isContent ? { isContent: true } : {}),
      ...(request.signal ? { signal: request.signal } : {}),
      ...(request.isCleanUp ? { isCleanUp: true } : {}),
    });
  } catch (error) {
    throw networkError(request.method, request.url, error);
  }
}
