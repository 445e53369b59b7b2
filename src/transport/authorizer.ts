// How the requests of a session are authorized: by Basic credentials or by tokens, renewed when they are refused.
import {
  type BasicCredentials,
  basicAuthorization,
  bearerAuthorization,
  maySendBasic,
  maySendBearer,
  withPassword,
} from './authorization.ts';
import type { Challenge } from './challenge.ts';
import { openTokenExchange, type TokenExchangeOptions } from './token-exchange.ts';

/** The authorization of a session's requests. */
export interface Authorizer {
  /** The `Authorization` header for a request to a URL, undefined when it must not be sent there or there is none. */
  headerFor(url: string): string | undefined;
  /**
   * Gets another authorization in place of the header that was refused with a challenge. Returns whether a second
   * request may succeed. Throws a UserError when the token server refuses.
   */
  renew(refused: string | undefined, challenge: Challenge): Promise<boolean>;
}

/** Authorizes by username and password. They are read again when they are refused, because they may have expired. */
export async function basicAuthorizer(
  credentials: () => Promise<BasicCredentials | undefined>,
  registry: string,
  scheme: 'http' | 'https',
): Promise<Authorizer> {
  const read = async () => {
    const found = await credentials();
    const usable = found && withPassword(found);
    return usable && basicAuthorization(usable);
  };
  let current = await read();
  return {
    headerFor: (url) => (maySendBasic(url, registry, scheme) ? current : undefined),
    async renew(refused) {
      if (refused === undefined) {
        return false;
      }
      current = await read();
      return current !== undefined && current !== refused;
    },
  };
}

/** Authorizes by tokens of the challenge's token server. Throws a UserError when it refuses the first token. */
export async function bearerAuthorizer(options: TokenExchangeOptions): Promise<Authorizer> {
  const { registry, pingScheme } = options;
  const tokens = await openTokenExchange(options);
  return {
    headerFor: (url) =>
      maySendBearer(url, registry, pingScheme) ? bearerAuthorization(tokens.current()) : undefined,
    async renew(refused, challenge) {
      await tokens.renew(refused?.slice(bearerAuthorization('').length) ?? '', challenge.parameters.scope);
      return true;
    },
  };
}
