// Authorization at a test registry: Basic credentials, or tokens by the Docker token specification.
import { randomBytes } from 'node:crypto';
import type { ReceivedRequest } from './exchange.ts';
import { errorReply, jsonReply, type Reply } from './reply.ts';

/** The access that a request needs, as in a scope: `repository:<name>:<actions>`. */
export interface Access {
  readonly repository: string;
  readonly actions: readonly string[];
}

/** Username and password in clear text. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** A registry that issues tokens at its own `/token`. */
export interface BearerAuth {
  readonly kind: 'bearer';
  /** Who gets tokens; by default everybody, anonymous clients too. */
  readonly credentials?: Credentials;
  /** Whether others get tokens for pulling. */
  readonly anonymousPull?: boolean;
  /** The `realm` of challenges, from the server's scheme and port; by default `/token` on the registry itself. */
  readonly realm?: (server: { readonly scheme: string; readonly port: number }) => string;
  /** Requests after which a token is refused as expired; by default unlimited. */
  readonly usesPerToken?: number;
  /** Whether token responses have a `refresh_token`, which is then accepted by POST. */
  readonly refreshTokens?: boolean;
  /** A user's refresh tokens that are accepted from the start, as `docker login` stores them (identitytoken). */
  readonly identityTokens?: readonly string[];
  /** The key of the token in the token response. */
  readonly tokenKey?: 'token' | 'access_token';
}

/** How a registry identifies its clients. */
export type RegistryAuth =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'basic' } & Credentials)
  | BearerAuth;

/** An issued token. */
export interface IssuedToken {
  /** The user it was issued to; undefined for an anonymous client. */
  readonly user: string | undefined;
  /** How the client was authenticated. */
  readonly by: 'password' | 'refresh token' | 'nothing';
  readonly granted: readonly Access[];
  readonly token: string;
  uses: number;
}

/** The `Authorization` header of Basic authentication. */
export function basicHeader({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A scope as a string. */
export function scopeText({ repository, actions }: Access): string {
  return `repository:${repository}:${actions.join(',')}`;
}

/** Parses a scope; undefined when it names no repository. */
export function parseScope(text: string): Access | undefined {
  const parts = /^repository:(.+):([a-z*,]+)$/.exec(text);
  return parts ? { repository: parts[1] ?? '', actions: (parts[2] ?? '').split(',') } : undefined;
}

/** Authorizes requests and issues tokens. */
export class Authorizer {
  readonly issued: IssuedToken[] = [];
  readonly #refreshTokens = new Map<string, string | undefined>();
  readonly #auth: RegistryAuth;
  /** The `realm` of challenges for tokens. Set as soon as the port is known. */
  realm = '';

  constructor(auth: RegistryAuth) {
    this.#auth = auth;
    for (const token of auth.kind === 'bearer' ? (auth.identityTokens ?? []) : []) {
      this.#refreshTokens.set(token, 'identity');
    }
  }

  /** The refusal of a request; undefined when it is allowed. Without needed access every known client is allowed. */
  refuse(request: ReceivedRequest, needed: readonly Access[]): Reply | undefined {
    if (this.#auth.kind === 'none') {
      return undefined;
    }
    const header = request.headers.authorization;
    if (this.#auth.kind === 'basic') {
      return header === basicHeader(this.#auth)
        ? undefined
        : unauthorized('Basic realm="test registry"', 'credentials needed');
    }
    const token = this.issued.find((issued) => header === `Bearer ${issued.token}`);
    const scopes = needed.map(scopeText).join(' ');
    const challenge = `Bearer realm="${this.realm}",service="test registry"${scopes && `,scope="${scopes}"`}`;
    if (!token || token.uses >= (this.#auth.usesPerToken ?? Number.POSITIVE_INFINITY)) {
      return unauthorized(
        header ? `${challenge},error="invalid_token"` : challenge,
        'no token, or it has expired',
      );
    }
    token.uses += 1;
    const allowed = needed.every(({ repository, actions }) =>
      actions.every((action) =>
        token.granted.some((grant) => grant.repository === repository && grant.actions.includes(action)),
      ),
    );
    return allowed
      ? undefined
      : unauthorized(`${challenge},error="insufficient_scope"`, `the token lacks ${scopes}`);
  }

  /** The response of the token endpoint: GET with or without Basic credentials, POST with a form (OAuth2). */
  token(request: ReceivedRequest): Reply {
    if (this.#auth.kind !== 'bearer') {
      return errorReply(404, 'NOT_FOUND', 'this registry issues no tokens');
    }
    if (request.method !== 'GET' && request.method !== 'POST') {
      return errorReply(405, 'UNSUPPORTED', 'tokens are requested by GET or POST', { allow: 'GET, POST' });
    }
    const form = new URLSearchParams(request.method === 'POST' ? request.body.toString() : '');
    const asked = request.method === 'GET' ? request.query.getAll('scope') : [form.get('scope') ?? ''];
    const client = request.method === 'GET' ? this.#byHeader(request) : this.#byForm(form);
    if (!client) {
      return unauthorized('Basic realm="test tokens"', 'wrong credentials');
    }
    const accesses = asked.flatMap((text) => text.split(' ')).flatMap((text) => parseScope(text) ?? []);
    return this.#issue(this.#auth, client, accesses);
  }

  #byHeader(request: ReceivedRequest): Pick<IssuedToken, 'user' | 'by'> | undefined {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      return { user: undefined, by: 'nothing' };
    }
    const credentials = this.#auth.kind === 'bearer' ? this.#auth.credentials : undefined;
    return credentials && authorization === basicHeader(credentials)
      ? { user: credentials.user, by: 'password' }
      : undefined;
  }

  #byForm(form: URLSearchParams): Pick<IssuedToken, 'user' | 'by'> | undefined {
    const token = form.get('refresh_token') ?? '';
    const known = form.get('grant_type') === 'refresh_token' && this.#refreshTokens.has(token);
    return known ? { user: this.#refreshTokens.get(token), by: 'refresh token' } : undefined;
  }

  #issue(auth: BearerAuth, client: Pick<IssuedToken, 'user' | 'by'>, asked: readonly Access[]): Reply {
    const everything = client.user !== undefined || auth.credentials === undefined;
    if (!everything && !auth.anonymousPull) {
      return unauthorized('Basic realm="test tokens"', 'credentials needed');
    }
    const granted = asked.map(({ repository, actions }) => ({
      repository,
      actions: everything ? actions : actions.filter((action) => action === 'pull'),
    }));
    const token = randomBytes(12).toString('hex');
    this.issued.push({ ...client, granted, token, uses: 0 });
    const answer: Record<string, unknown> = { [auth.tokenKey ?? 'token']: token, expires_in: 300 };
    if (auth.refreshTokens) {
      const refreshToken = randomBytes(12).toString('hex');
      this.#refreshTokens.set(refreshToken, client.user);
      answer.refresh_token = refreshToken;
    }
    return jsonReply(200, answer);
  }
}

function unauthorized(challenge: string, message: string): Reply {
  return errorReply(401, 'UNAUTHORIZED', message, { 'www-authenticate': challenge });
}
