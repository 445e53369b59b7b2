// Token queries: the Docker registry token specification (GET) and its OAuth 2 form (POST). Pure.
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, member, parseJson } from '../oci/json.ts';
import { type BasicCredentials, basicAuthorization, isSameHost } from './authorization.ts';
import type { Challenge } from './challenge.ts';
import { isForeignPrivateAddress, isPrivateAddress } from './private-address.ts';
import { redactedUrl } from './redacted-url.ts';
import { encodeQuery, escapeQuery, parseQuery, type Query } from './url-query.ts';
import { formatUrl, parseUrl, percentDecode, splitHost, type UrlSyntax } from './url-syntax.ts';

/** The registry that a token is for, as the user wrote it, and the scheme over which it was pinged. */
export interface TokenOwner {
  readonly registry: string;
  readonly pingScheme: 'http' | 'https';
}

/** What a token query needs. `refreshToken` comes from an earlier response and makes it a POST. */
export interface TokenParameters extends TokenOwner {
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  readonly credentials?: BasicCredentials | undefined;
  readonly refreshToken?: string | undefined;
}

/** A token query. User information and a fragment in `url` must not be sent. */
export interface TokenRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The response of a token server. */
export interface TokenResponse {
  readonly token: string;
  readonly refreshToken?: string;
}

/**
 * Throws a UserError unless credentials may be sent to this URL for a token: https, or http for a registry that was pinged
 * over http, and no private address other than the registry's own, nor a name of one. Holds for the realm of a challenge
 * and for every redirect of a token query.
 */
export function checkRealm(realm: string, owner: TokenOwner): void {
  const { host } = parseRealm(realm, owner);
  if (isForeignPrivateAddress(host, owner.registry)) {
    throw refusedRealm(realm, owner, 'that is a private or link-local address');
  }
}

/**
 * The token query for a Bearer challenge: a POST with a refresh token (after a 404 the query must be repeated without
 * one), otherwise a GET. Throws when the realm is missing or not
 * allowed.
 */
export function tokenRequest(parameters: TokenParameters): TokenRequest {
  const { challenge, scopes, refreshToken } = parameters;
  const { realm: realmText, service = '' } = challenge.parameters;
  if (realmText === undefined) {
    throw new UserError(
      `the registry ${parameters.registry} asks for a token but its challenge has no realm`,
      { code: 'TOKEN_REALM_MISSING' },
    );
  }
  const realm = ownScheme(parseRealm(realmText, parameters), parameters);
  if (refreshToken !== undefined) {
    const form = new Map([
      ['client_id', 'registry-image-resource'],
      ['grant_type', 'refresh_token'],
      ['refresh_token', refreshToken],
      ['scope', scopes.join(' ')],
      ...(service === '' ? [] : [['service', service] as const]),
    ]);
    const query: Query = new Map([...form].map(([key, value]) => [key, [escapeQuery(value)]]));
    return {
      method: 'POST',
      url: formatUrl(realm),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...userInfoHeaders(realm) },
      body: encodeQuery(query),
    };
  }
  const query = parseQuery(realm.query ?? '');
  query.set('scope', scopes.map(escapeQuery));
  query.set('service', [escapeQuery(service)]);
  const headers = parameters.credentials
    ? { authorization: basicAuthorization(parameters.credentials) }
    : userInfoHeaders(realm);
  return { method: 'GET', url: formatUrl({ ...realm, query: encodeQuery(query) }), headers };
}

/** The token in a response; `access_token` wins over `token`. Errors do not quote the response: it may be secret. */
export function parseTokenResponse(body: Uint8Array, url: string): TokenResponse {
  const document = parseJson(body);
  if (document === undefined) {
    throw unusable(url, 'it is not JSON');
  }
  if (!isJsonObject(document)) {
    throw unusable(url, 'it is not a JSON object');
  }
  const token = textOf(document, 'access_token') || textOf(document, 'token');
  if (token === '') {
    throw unusable(url, `it has no "token" and no "access_token", only ${keysOf(document)}`);
  }
  const refreshToken = textOf(document, 'refresh_token');
  return refreshToken === '' ? { token } : { token, refreshToken };
}

/** What a token may allow on a repository; `catalog` is what Harbor's notary server asks for. */
export type RepositoryActions = 'pull' | 'push,pull' | 'delete,push,pull' | 'catalog';

/** The scope that a token needs for some actions on a repository (Docker registry token specification). */
export function repositoryScope(path: string, actions: RepositoryActions): string {
  return `repository:${path}:${actions}`;
}

/** The scopes after a 401 named another one: that comes first, because some servers read only the first. */
export function rescope(scopes: readonly string[], challengeScope: string | undefined): readonly string[] {
  return challengeScope === undefined || scopes.includes(challengeScope)
    ? scopes
    : [challengeScope, ...scopes];
}

/** The parts of a realm. Checks all that go-containerregistry checks: names of private addresses are allowed here. */
function parseRealm(realm: string, owner: TokenOwner): UrlSyntax {
  const url = parseUrl(realm);
  if (url?.scheme !== 'https' && url?.scheme !== 'http') {
    throw refusedRealm(realm, owner, 'that is not an absolute https URL');
  }
  if (url.scheme === 'http' && owner.pingScheme === 'https') {
    throw refusedRealm(
      realm,
      owner,
      'a registry that is reached over https must not send elsewhere over http',
    );
  }
  if (isPrivateAddress(splitHost(url.host).name) && isForeignPrivateAddress(url.host, owner.registry)) {
    throw refusedRealm(realm, owner, 'that is a private or link-local address');
  }
  return url;
}

function refusedRealm(realm: string, { registry }: TokenOwner, reason: string): UserError {
  return new UserError(`the registry ${registry} refers to ${redactedUrl(realm)} for a token: ${reason}`, {
    code: 'TOKEN_REALM_REFUSED',
  });
}

function ownScheme(realm: UrlSyntax, { registry, pingScheme }: TokenOwner): UrlSyntax {
  return isSameHost(realm.host, registry, pingScheme) ? { ...realm, scheme: pingScheme } : realm;
}

function userInfoHeaders({ userInfo }: UrlSyntax): Record<string, string> {
  if (userInfo === undefined) {
    return {};
  }
  const [username = '', ...password] = userInfo.split(':').map(percentDecode);
  return { authorization: basicAuthorization({ username, password: password.join(':') }) };
}

function textOf(object: JsonObject, name: string): string {
  const value = member(object, name);
  return typeof value === 'string' ? value : '';
}

function keysOf(object: JsonObject): string {
  const keys = Object.keys(object).slice(0, 8);
  return keys.length === 0 ? 'nothing' : keys.map((key) => JSON.stringify(key.slice(0, 40))).join(', ');
}

function unusable(url: string, reason: string): UserError {
  return new UserError(`the response of ${redactedUrl(url)} has no token: ${reason}`, {
    code: 'TOKEN_RESPONSE_INVALID',
  });
}
