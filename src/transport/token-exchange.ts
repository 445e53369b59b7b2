// Requests the tokens of a session at its start, and again when one is refused. Docker token specification.

import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import { type BasicCredentials, withPassword } from './authorization.ts';
import type { Challenge } from './challenge.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { networkError } from './network-error.ts';
import { followRedirects } from './redirect.ts';
import { requestUrl } from './resolve-url.ts';
import { discardBody, expectStatus, readBody } from './response-body.ts';
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
  readonly credentials: () => Promise<BasicCredentials | undefined>;
  readonly scopes: readonly string[];
  readonly onEvent: OnTransportEvent;
  /** By default those of a registry. */
  readonly limits?: TimeLimits;
}

/** Requests the first token. Throws a UserError when the token server refuses. */
export async function openTokenExchange(options: TokenExchangeOptions): Promise<TokenExchange> {
  let scopes = options.scopes;
  let refreshToken: string | undefined;
  let token = '';
  let renewal: Promise<void> | undefined;

  const fetchToken = async () => {
    const response = await requestToken(options, scopes, refreshToken).catch((cause: unknown) => {
      // Wrapped, so that a 404 of the token server is never taken for a missing image.
      throw new UserError(`requesting a token for ${options.registry} failed`, { cause });
    });
    refreshToken = response.refreshToken ?? refreshToken;
    token = response.token;
  };
  await fetchToken();

  /** One renewal at a time: the current one may ask for fewer scopes than are needed now. */
  const renewAfter = (earlier: Promise<void> | undefined): Promise<void> => {
    const done = (async () => {
      await earlier?.catch(() => undefined);
      await fetchToken();
    })().finally(() => {
      renewal = renewal === done ? undefined : renewal;
    });
    return done;
  };

  return {
    current: () => token,
    async renew(refused, challengeScope) {
      const widened = rescope(scopes, challengeScope);
      if (token !== refused && widened === scopes) {
        return;
      }
      if (!renewal || widened !== scopes) {
        scopes = widened;
        renewal = renewAfter(renewal);
      }
      await renewal;
    },
  };
}

async function requestToken(
  options: TokenExchangeOptions,
  scopes: readonly string[],
  refreshToken: string | undefined,
): Promise<TokenResponse> {
  const credentials = await options.credentials();
  const parameters = { ...options, credentials: credentials && withPassword(credentials), scopes };
  const first = tokenRequest({ ...parameters, refreshToken: refreshToken ?? credentials?.identityToken });
  let { method, response } = await sendTokenRequest(options, first);
  if (method === 'POST' && response.status === 404) {
    await discardBody(response);
    const request = tokenRequest({ ...parameters, refreshToken: undefined });
    ({ method, response } = await sendTokenRequest(options, request));
  }
  if (response.status !== 200 && credentials === undefined) {
    options.onEvent({ kind: 'anonymous-token-refused', registry: options.registry });
  }
  await expectStatus(method, response, [200]);
  return parseTokenResponse(await readBody(method, response, maximumErrorBody), response.url);
}

async function sendTokenRequest(
  options: TokenExchangeOptions,
  request: TokenRequest,
): Promise<{ method: string; response: HttpResponse }> {
  const { authorization, ...others } = request.headers;
  const content = request.body === undefined ? undefined : Buffer.from(request.body);
  const { response, last } = await followRedirects(request, async ({ method, url, keepsBody }) => {
    checkRealm(url, options);
    const sameHost = requestUrl(url).host === requestUrl(request.url).host;
    try {
      return await options.client.send({
        method,
        url,
        headers: authorization !== undefined && sameHost ? { ...others, authorization } : others,
        ...(content && keepsBody ? { body: { length: content.length, open: async () => content } } : {}),
        timeout: (options.limits ?? registryLimits).handshake,
      });
    } catch (error) {
      throw networkError(method, url, error);
    }
  });
  return { method: last.method, response };
}
