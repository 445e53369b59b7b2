// An authenticated conversation with a registry about one repository: pinged once, used for every request.
import type { Log } from '../log.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import {
  type BasicCredentials,
  basicAuthorization,
  bearerAuthorization,
  maySendBasic,
  maySendBearer,
  withPassword,
} from './authorization.ts';
import { type Challenge, chooseChallenge, sessionScheme } from './challenge.ts';
import type { Clock } from './clock.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { networkError } from './network-error.ts';
import { ping } from './ping.ts';
import { nextRedirect } from './redirect.ts';
import { requestUrl, resolveUrl } from './resolve-url.ts';
import { discardBody, headerLines, headerText } from './response-body.ts';
import type { Retrier } from './retrier.ts';
import { type RepositoryActions, repositoryScope } from './scope.ts';
import {
  type ExpectedAnswer,
  type ExpectedRequest,
  type SessionRequest,
  sendExpecting,
} from './session-request.ts';
import { registryLimits, type TimeLimits } from './time-limits.ts';
import { openTokenExchange } from './token-exchange.ts';

/** What every part that speaks to a registry stands on. */
export interface Session {
  readonly repository: RepositoryReference;
  /** `https://host:port` or `http://host:port` of the registry, as the ping found it. */
  readonly origin: string;
  readonly retrier: Retrier;
  /**
   * Sends a request under the session's retrier and reads or discards the body. Throws a RegistryError for any status
   * that is not expected.
   */
  request(request: ExpectedRequest): Promise<ExpectedAnswer>;
  /** The same without the retrier, for a request that is one step of a longer exchange. */
  requestOnce(request: ExpectedRequest): Promise<ExpectedAnswer>;
  /**
   * Sends a request once: authorized where its host is the registry's, redirects followed, a refused token renewed
   * once. Returns an answer of any status, its body unread. Throws a UserError when the network fails.
   */
  send(request: SessionRequest): Promise<HttpResponse>;
}

/** What a session is opened with. */
export interface SessionOptions {
  readonly client: HttpClient;
  readonly repository: RepositoryReference;
  readonly insecure: boolean;
  /** For a server that must not be asked over http, wherever it is. */
  readonly secureOnly?: boolean;
  /** Asked at the start, and again when the registry refuses what it gave: credentials may expire meanwhile. */
  readonly credentials: () => Promise<BasicCredentials | undefined>;
  readonly actions: RepositoryActions;
  readonly retrier: Retrier;
  readonly clock: Clock;
  readonly log: Log;
  /** Those of a registry unless told otherwise. */
  readonly limits?: TimeLimits;
}

/** How one request is authorized, and what to do when the registry refuses the token in it. */
interface Authorizer {
  headerFor(url: string): string | undefined;
  renew(refused: string | undefined, challenge: Challenge): Promise<boolean>;
}

/** Pings the registry and logs in as its challenge asks. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { client, repository, retrier } = options;
  const answer = await retrier.exchange(() => ping(client, repository, options));
  const { scheme } = answer;
  const origin = `${scheme}://${repository.registry}`;
  const authorizer =
    answer.challenge && sessionScheme(answer.challenge) === 'bearer'
      ? await bearerAuthorizer(options, scheme, answer.challenge)
      : await basicAuthorizer(options, scheme);
  const send = async (request: SessionRequest): Promise<HttpResponse> => {
    const url = resolveUrl(`${origin}/`, request.target);
    const first = await follow(options, authorizer, scheme, { ...request, url });
    const mayRenew = !request.anonymous && isRegistry(first.response.url, repository, scheme);
    if (first.response.status !== 401 || !mayRenew) {
      return first.response;
    }
    const challenge = chooseChallenge(headerLines(first.response, 'www-authenticate'));
    if (!challenge || !(await authorizer.renew(first.authorization, challenge))) {
      return first.response;
    }
    await discardBody(first.response);
    return (await follow(options, authorizer, scheme, { ...request, url })).response;
  };
  return {
    repository,
    origin,
    retrier,
    send,
    requestOnce: (request) => sendExpecting(send, request),
    request: (request) => retrier.exchange(() => sendExpecting(send, request)),
  };
}

async function basicAuthorizer(
  { credentials, repository }: SessionOptions,
  scheme: 'http' | 'https',
): Promise<Authorizer> {
  const ask = async () => {
    const given = await credentials();
    const usable = given && withPassword(given);
    return usable && basicAuthorization(usable);
  };
  let current = await ask();
  return {
    headerFor: (url) => (maySendBasic(url, repository.registry, scheme) ? current : undefined),
    async renew(refused) {
      if (refused === undefined) {
        return false;
      }
      current = await ask();
      return current !== undefined && current !== refused;
    },
  };
}

async function bearerAuthorizer(
  options: SessionOptions,
  scheme: 'http' | 'https',
  challenge: Challenge,
): Promise<Authorizer> {
  const { repository, retrier } = options;
  const tokens = await retrier.exchange(() =>
    openTokenExchange({
      ...options,
      registry: repository.registry,
      pingScheme: scheme,
      challenge,
      credentials: options.credentials,
      scopes: [repositoryScope(repository, options.actions)],
      log: options.log,
    }),
  );
  return {
    headerFor: (url) =>
      maySendBearer(url, repository.registry, scheme) ? bearerAuthorization(tokens.current()) : undefined,
    async renew(refused, newChallenge) {
      await tokens.renew(refused?.slice(bearerAuthorization('').length) ?? '', newChallenge.parameters.scope);
      return true;
    },
  };
}

async function follow(
  options: SessionOptions,
  authorizer: Authorizer,
  scheme: 'http' | 'https',
  request: SessionRequest & { url: string },
): Promise<{ response: HttpResponse; authorization: string | undefined }> {
  let current = { method: request.method, url: request.url };
  let body = request.body;
  for (let hop = 0; ; hop++) {
    const authorization = request.anonymous ? undefined : authorizer.headerFor(current.url);
    const exchange = { ...request, ...current, body };
    let response = await sendOnce(options, exchange, authorization);
    const foreign = requestUrl(current.url).host !== requestUrl(request.url).host;
    if (response.status === 401 && foreign && authorization === undefined) {
      response = await answerForeignChallenge(options, scheme, exchange, response);
    }
    const answer = { status: response.status, location: headerText(response, 'location') };
    const next = nextRedirect(request.url, current, answer, hop);
    if (next === undefined) {
      return { response, authorization };
    }
    await discardBody(response);
    body = next.keepsBody ? body : undefined;
    current = next;
  }
}

/**
 * A host behind a redirect may want a token of its own: asked for once, anonymously, used for this request
 * only.
 */
async function answerForeignChallenge(
  options: SessionOptions,
  scheme: 'http' | 'https',
  request: SessionRequest & { url: string },
  refused: HttpResponse,
): Promise<HttpResponse> {
  const challenge = chooseChallenge(headerLines(refused, 'www-authenticate'));
  if (!challenge || sessionScheme(challenge) !== 'bearer') {
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
    log: options.log,
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
      patience: reads ? limits.read : limits.write,
    });
  } catch (error) {
    throw networkError(request.method, request.url, error);
  }
}

function isRegistry(url: string, repository: RepositoryReference, scheme: 'http' | 'https'): boolean {
  return maySendBearer(url, repository.registry, scheme);
}
