// The log-in of a session: which authorization each request carries, and what another challenge or a refusal changes.
import {
  type BasicCredentials,
  basicAuthorization,
  bearerAuthorization,
  maySendBasic,
  maySendBearer,
  type ReadCredentials,
  withPassword,
} from './authorization.ts';
import { type Challenge, findChallenge } from './challenge.ts';
import type { Clock } from './clock.ts';
import { openTokenExchange, type TokenExchange, type TokenExchangeOptions } from './token-exchange.ts';

/** A request that the registry refused with 400, 401 or 403. */
export interface Refusal {
  readonly method: string;
  /** The `Authorization` header that it had. */
  readonly sent: string | undefined;
  readonly status: number;
  readonly challenges: readonly Challenge[];
  /** Whether this is the second refusal: the request was repeated with the authorization of a renewal. */
  readonly isRepeated: boolean;
}

/** The authorization of a session's requests. */
export interface Authorizer {
  /** The `Authorization` header for a request; undefined when it must not be sent to its URL, or there is none. */
  headerFor(method: string, url: string): string | undefined;
  /** Notes that the registry accepted a header: what it refuses later has expired. */
  accepted(sent: string | undefined): void;
  /**
   * Changes the authorization as a refusal demands. Returns whether the request is to be repeated. Throws a UserError when
   * the token server refuses and there is no other way.
   */
  refused(refusal: Refusal): Promise<boolean>;
}

/** What an {@link Authorizer} needs. */
export type AuthorizerOptions = Omit<TokenExchangeOptions, 'challenge'> & {
  readonly credentials: ReadCredentials;
  readonly clock: Clock;
};

/** How long no renewal is tried after one that changed nothing, in milliseconds; a 401 always renews a token. */
const fruitlessPause = 60_000;

/**
 * Logs in as the challenges of the ping ask: by a token, or else by username and password. Without a challenge username
 * and password are sent as well, if there are any. The challenge of any refused request may change that later.
 */
export async function logIn(
  options: AuthorizerOptions,
  challenges: readonly Challenge[],
): Promise<Authorizer> {
  const { registry, pingScheme, clock } = options;
  let tokens: TokenExchange | undefined;
  let opening: Promise<TokenExchange> | undefined;
  let basic: string | undefined;
  /** Methods for which the registry refuses tokens and accepts username and password. */
  const basicMethods = new Set<string>();
  const acceptedHeaders = new Set<string>();
  let pausedUntil = 0;

  const readBasic = async (fresh: boolean) => {
    const credentials = await options.credentials(fresh);
    return headerOf(credentials && withPassword(credentials));
  };

  const openTokens = async (challenge: Challenge, challengeScope?: string) => {
    opening ??= openTokenExchange({ ...options, challenge }, challengeScope).finally(() => {
      opening = undefined;
    });
    tokens = await opening;
  };

  const renewToken = async (sent: string | undefined, challenge: Challenge | undefined) => {
    const scope = challenge?.parameters.scope;
    if (tokens) {
      await tokens.renew(tokenOf(sent), scope);
    } else if (challenge) {
      await openTokens(challenge, scope);
    }
  };

  const renewBasic = async (sent: string | undefined) => {
    if (basic === undefined || sent === undefined) {
      return false;
    }
    if (basic === sent && clock.now() >= pausedUntil) {
      basic = await readBasic(true);
      pausedUntil = basic === sent ? clock.now() + fruitlessPause : pausedUntil;
    }
    return basic !== undefined && basic !== sent;
  };

  const useBasicFor = async (method: string) => {
    basic ??= await readBasic(false);
    if (basic !== undefined) {
      basicMethods.add(method);
    }
    return basic !== undefined;
  };

  /** After a 401, or another refusal that asks for more than there is: the challenge decides. */
  const answer = async ({ method, sent, challenges, isRepeated }: Refusal): Promise<boolean> => {
    const bearer = findChallenge(challenges, 'bearer');
    const offersBasic = findChallenge(challenges, 'basic') !== undefined;
    if (isRepeated) {
      return tokens !== undefined && offersBasic && sent !== basic && (await useBasicFor(method));
    }
    if (bearer || tokens) {
      basicMethods.delete(method);
      try {
        await renewToken(sent, bearer);
        return true;
      } catch (error) {
        if (!offersBasic || sent === basic || !(await useBasicFor(method))) {
          throw error;
        }
        return true;
      }
    }
    return await renewBasic(sent);
  };

  /** After another refusal: renews once what was accepted before, since log-ins expire with other statuses too. */
  const renewExpired = async ({ sent, isRepeated }: Refusal): Promise<boolean> => {
    if (isRepeated) {
      pausedUntil = clock.now() + fruitlessPause;
      return false;
    }
    const current = tokens ? bearerAuthorization(tokens.current()) : basic;
    if (sent !== undefined && sent !== current && sent !== basic) {
      return true;
    }
    if (sent === undefined || !acceptedHeaders.has(sent) || clock.now() < pausedUntil) {
      return false;
    }
    try {
      if (sent === basic) {
        return await renewBasic(sent);
      }
      await renewToken(sent, undefined);
      return true;
    } catch {
      // The refusal may have had another reason: it says more than that no renewal is possible.
      pausedUntil = clock.now() + fruitlessPause;
      return false;
    }
  };

  const bearer = findChallenge(challenges, 'bearer');
  if (bearer) {
    try {
      await openTokens(bearer);
    } catch (error) {
      basic = findChallenge(challenges, 'basic') && (await readBasic(false));
      if (basic === undefined) {
        throw error;
      }
    }
  } else {
    basic = await readBasic(false);
  }

  return {
    headerFor(method, url) {
      if (tokens && !basicMethods.has(method)) {
        return maySendBearer(url, registry, pingScheme) ? bearerAuthorization(tokens.current()) : undefined;
      }
      return maySendBasic(url, registry, pingScheme) ? basic : undefined;
    },
    accepted(sent) {
      if (sent !== undefined) {
        acceptedHeaders.add(sent);
      }
    },
    async refused(refusal) {
      const scope = findChallenge(refusal.challenges, 'bearer')?.parameters.scope;
      const asksForMore = scope !== undefined && !tokens?.covers(scope);
      const isChallenge = refusal.challenges.length > 0 && (refusal.status === 401 || asksForMore);
      return isChallenge ? await answer(refusal) : await renewExpired(refusal);
    },
  };
}

function headerOf(credentials: BasicCredentials | undefined): string | undefined {
  return credentials && basicAuthorization(credentials);
}

function tokenOf(header: string | undefined): string {
  const prefix = bearerAuthorization('');
  return header?.startsWith(prefix) ? header.slice(prefix.length) : '';
}
