// Requests the tokens of a session at its start, and again when one is refused. Docker token specification.

import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import { type BasicCredentials, isSameHost, type ReadCredentials, withPassword } from './authorization.ts';
import type { Challenge } from './challenge.ts';
import type { HttpClient } from './http-client.ts';
import { NetworkError, networkError } from './network-error.ts';
import { redactedUrl } from './redacted-url.ts';
import { followRedirects, type RedirectStep } from './redirect.ts';
import { RegistryError } from './registry-error.ts';
import { requestUrl } from './resolve-url.ts';
import { expectStatus, readBody } from './response-body.ts';
import { registryLimits, type TimeLimits } from './time-limits.ts';
import {
  checkRealm,
  parseTokenResponse,
  rescope,
  type TokenRequest,
  type TokenResponse,
  tokenRequest,
} from './token.ts';
import type { OnTransportEvent } from './transport-event.ts';

/** The current token of a session. */
export interface TokenExchange {
  /** The token to send now. */
  current(): string;
  /** Whether the token was requested for a scope. */
  covers(scope: string): boolean;
  /**
   * Requests a token in place of one that was refused, with the scope of the registry's challenge in front.
   * Callers whose token was replaced meanwhile share that renewal.
   */
  renew(refused: string, challengeScope: string | undefined): Promise<void>;
}

/** What a {@link TokenExchange} needs. */
export interface TokenExchangeOptions {
  readonly client: HttpClient;
  readonly registry: string;
  readonly pingScheme: 'http' | 'https';
  readonly challenge: Challenge;
  /** Called for every token query, because the last credentials may have expired. */
  readonly credentials: ReadCredentials;
  readonly scopes: readonly string[];
  readonly onEvent: OnTransportEvent;
  /** By default those of a registry. */
  readonly limits?: TimeLimits;
}

/** What a token server refuses, as far as another query may succeed. */
const refusals: readonly number[] = [400, 401, 403];

/**
 * Requests the first token, also for the scope of a challenge to a request, if there was one. Throws a UserError when the
 * token server refuses.
 */
export async function openTokenExchange(
  options: TokenExchangeOptions,
  challengeScope?: string,
): Promise<TokenExchange> {
  const server = createTokenServer(options);
  let scopes = rescope(options.scopes, challengeScope);
  let token = '';
  let renewal: Promise<void> | undefined;

  const fetchToken = async (needed: string | undefined) => {
    try {
      token = await server.request(scopes).catch(async (error: unknown) => {
        // Some token servers issue no token for several scopes.
        if (needed === undefined || scopes.length === 1 || !isRefusal(error)) {
          throw error;
        }
        const narrow = await server.request([needed]);
        scopes = [needed];
        return narrow;
      });
    } catch (cause) {
      if (cause instanceof RegistryError && server.isAnonymous()) {
        options.onEvent({ kind: 'anonymous-token-refused', registry: options.registry });
      }
      // Wrapped, so that a 404 of the token server is never taken for a missing image.
      throw new UserError(`requesting a token for ${options.registry} failed`, { cause });
    }
  };
  await fetchToken(challengeScope);

  /** One renewal at a time: the current one may ask for fewer scopes than are needed now. */
  const renewAfter = (earlier: Promise<void> | undefined, needed: string | undefined): Promise<void> => {
    const done = (async () => {
      await earlier?.catch(() => undefined);
      // The earlier one may have had to do with fewer scopes.
      scopes = rescope(scopes, needed);
      await fetchToken(needed);
    })().finally(() => {
      renewal = renewal === done ? undefined : renewal;
    });
    return done;
  };

  return {
    current: () => token,
    covers: (scope) => scopes.includes(scope),
    async renew(refused, needed) {
      const widened = rescope(scopes, needed);
      if (token !== refused && widened === scopes) {
        return;
      }
      if (!renewal || widened !== scopes) {
        scopes = widened;
        renewal = renewAfter(renewal, needed);
      }
      await renewal;
    },
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof RegistryError && refusals.includes(error.status);
}

/** A token server as one session uses it. */
interface TokenServer {
  request(scopes: readonly string[]): Promise<string>;
  /** Whether the last query had no credentials. */
  isAnonymous(): boolean;
}

/** Keeps the refresh token, whether the server accepts POST, and which credentials it accepted. */
function createTokenServer(options: TokenExchangeOptions): TokenServer {
  let refreshToken: string | undefined;
  let acceptsPost = true;
  let credentials: BasicCredentials | undefined;
  let isAccepted = false;

  const query = async (scopes: readonly string[]) => {
    const basic = credentials && withPassword(credentials);
    const parameters = { ...options, scopes, credentials: basic };
    const identity = acceptsPost ? (refreshToken ?? credentials?.identityToken) : undefined;
    if (identity !== undefined) {
      try {
        return await sendTokenQuery(options, tokenRequest({ ...parameters, refreshToken: identity }));
      } catch (error) {
        // An identity token alone has no form of GET. Only a server without the form of POST is asked without it.
        const hasOtherForm = basic !== undefined || credentials === undefined || isNotFound(error);
        if (error instanceof NetworkError || !hasOtherForm) {
          throw error;
        }
        acceptsPost = false;
      }
    }
    return await sendTokenQuery(options, tokenRequest({ ...parameters, refreshToken: undefined }));
  };

  /** Reads credentials that were accepted once again when they are refused: they may have expired in a cache. */
  const hasFreshCredentials = async () => {
    const refused = JSON.stringify(credentials);
    credentials = isAccepted ? await options.credentials(true) : credentials;
    return JSON.stringify(credentials) !== refused;
  };

  return {
    isAnonymous: () => credentials === undefined,
    async request(scopes) {
      const known = JSON.stringify(credentials);
      credentials = await options.credentials();
      isAccepted &&= JSON.stringify(credentials) === known;
      const response = await query(scopes).catch(async (error: unknown) => {
        if (isRefusal(error) && (await hasFreshCredentials())) {
          return await query(scopes);
        }
        throw error;
      });
      isAccepted = true;
      refreshToken = response.refreshToken ?? refreshToken;
      return response.token;
    },
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof RegistryError && error.status === 404;
}

/** Sends a token query and reads the response. Secrets follow no redirect to another origin. */
async function sendTokenQuery(options: TokenExchangeOptions, request: TokenRequest): Promise<TokenResponse> {
  const { headers } = request;
  const content = request.body === undefined ? undefined : Buffer.from(request.body);
  const isSecret = content !== undefined || headers.authorization !== undefined;
  const limits = options.limits ?? registryLimits;
  checkRealm(request.url, options);
  const send = async ({ method, url, keepsBody }: RedirectStep) => {
    try {
      return await options.client.send({
        method,
        url,
        headers,
        ...(content && keepsBody ? { body: { length: content.length, open: async () => content } } : {}),
        timeout: limits.handshake,
        bodyTime: limits.document,
      });
    } catch (error) {
      throw networkError(method, url, error);
    }
  };
  const { response, last } = await followRedirects(request, send, (url, from) => {
    checkRealm(url, options);
    if (isSecret && !isSameOrigin(url, request.url)) {
      throw new UserError(
        `${from.method} ${redactedUrl(from.url)}: refused to send credentials on to ${redactedUrl(url)}`,
        { code: 'TOKEN_REDIRECT_REFUSED' },
      );
    }
    return url;
  });
  await expectStatus(last.method, response, [200]);
  return parseTokenResponse(await readBody(last.method, response, maximumErrorBody), response.url);
}

/** Whether a redirect stays on the same host and does not leave https. */
function isSameOrigin(url: string, first: string): boolean {
  const [to, from] = [requestUrl(url), requestUrl(first)];
  const leavesHttps = from.scheme === 'https' && to.scheme === 'http';
  return isSameHost(to.host, from.host, from.scheme) && !leavesHttps;
}
