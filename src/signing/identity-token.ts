// The identity token of a signer without a key: from the settings, or from the environment of a CI.
import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import { requireSafeUrl, type ServiceAccess, serviceJson } from './service-request.ts';

/** A token of OpenID Connect, by which Fulcio knows who signs. */
export interface IdentityToken {
  readonly token: string;
  readonly issuer: string;
  /** What the private key must sign to prove that it is at hand: the e-mail address, or else the subject. */
  readonly subject: string;
}

/** Where a token comes from; nothing was asked for it. */
export type TokenSource =
  | { readonly kind: 'token'; readonly token: IdentityToken }
  /** The endpoint of GitHub Actions. */
  | { readonly kind: 'endpoint'; readonly url: string; readonly authorization: string };

/** The environment of a process. */
export type TokenEnvironment = Readonly<Record<string, string | undefined>>;

/** The audience that Fulcio accepts. */
const audience = 'sigstore';

/**
 * Where the token comes from: `configured` where it is not empty, else SIGSTORE_ID_TOKEN, else the endpoint of GitHub Actions.
 * Throws a UserError that begins with `where` when there is none, and for a token that is malformed or expired; it quotes
 * nothing of it. `now` is milliseconds.
 */
export function tokenSource(
  configured: string,
  environment: TokenEnvironment,
  where: string,
  now: number,
): TokenSource {
  const fromEnvironment = environment.SIGSTORE_ID_TOKEN ?? '';
  const token = configured.trim() || fromEnvironment.trim();
  if (token !== '') {
    const name = configured.trim() === '' ? 'SIGSTORE_ID_TOKEN' : where;
    return { kind: 'token', token: readToken(token, name, now) };
  }
  const url = environment.ACTIONS_ID_TOKEN_REQUEST_URL ?? '';
  const authorization = environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '';
  if (url !== '' && authorization !== '') {
    requireSafeUrl(url, 'ACTIONS_ID_TOKEN_REQUEST_URL');
    return { kind: 'endpoint', url, authorization };
  }
  throw new UserError(`${where} is missing`, {
    hint: 'set it to an identity token (OpenID Connect) with the audience sigstore, or sign with a key; a job of GitHub Actions needs the permission id-token: write',
  });
}

/** The secrets of a source. */
export function secretsOfToken(source: TokenSource): string[] {
  return [source.kind === 'token' ? source.token.token : source.authorization];
}

/** The token of a source. Passes a token that is fetched to `addSecret`. Throws what the endpoint said. */
export async function fetchToken(
  source: TokenSource,
  access: ServiceAccess,
  addSecret: (secret: string) => void,
  now: number,
): Promise<IdentityToken> {
  if (source.kind === 'token') {
    return source.token;
  }
  const url = `${source.url}${source.url.includes('?') ? '&' : '?'}audience=${audience}`;
  const answer = await serviceJson(access, {
    method: 'GET',
    url,
    headers: { authorization: `Bearer ${source.authorization}` },
    expect: [200],
    limit: maximumErrorBody,
  });
  const value = isJsonObject(answer) ? answer.value : undefined;
  if (typeof value !== 'string') {
    throw new UserError('ACTIONS_ID_TOKEN_REQUEST_URL answered without a token');
  }
  addSecret(value);
  return readToken(value, 'the token of ACTIONS_ID_TOKEN_REQUEST_URL', now);
}

/** A token (RFC 7519) whose signature is not verified: Fulcio does that. */
function readToken(token: string, where: string, now: number): IdentityToken {
  const parts = token.split('.');
  const claims = parts.length === 3 ? parseJson(Buffer.from(parts[1] ?? '', 'base64url')) : undefined;
  const { iss, sub, email, email_verified: isVerified, exp } = isJsonObject(claims) ? claims : {};
  const subject = typeof email === 'string' && email !== '' ? email : sub;
  if (typeof iss !== 'string' || typeof subject !== 'string' || subject === '') {
    throw new UserError(`${where} is no identity token`, {
      hint: 'an identity token is a JSON Web Token of three parts, with an issuer and a subject',
    });
  }
  if (subject === email && isVerified === false) {
    throw new UserError(`${where} is for an e-mail address that its issuer has not verified`);
  }
  if (typeof exp === 'number' && exp * 1000 <= now) {
    throw new UserError(`${where} expired at ${new Date(exp * 1000).toISOString()}`, {
      hint: 'identity tokens are valid for minutes: fetch it in the same job, shortly before it is used',
    });
  }
  return { token, issuer: iss, subject };
}
