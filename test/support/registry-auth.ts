// Who may do what at a test registry: Basic credentials, or tokens by the Docker token specification.
import { randomBytes } from 'node:crypto';
import type { ReceivedRequest } from './exchange.ts';
import { errorReply, jsonReply, type Reply } from './reply.ts';

/** What a request wants to do, as a scope names it: `repository:<name>:<actions>`. */
export interface Access {
  readonly repository: string;
  readonly actions: readonly string[];
}

/** Username and password in clear. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** A registry whose tokens come from its own `/token`. */
export interface BearerAuth {
  readonly kind: 'bearer';
  /** Who gets tokens; everybody, anonymously too, when absent. */
  readonly credentials?: Credentials;
  /** Others get tokens for pulling. */
  readonly anonymousPull?: boolean;
  /** The `realm` of challenges, from the server's scheme and port; by default `/token` on the registry itself. */
  readonly realm?: (server: { readonly scheme: string; readonly port: number }) => string;
  /** Requests after which a token is refused as expired; unlimited when absent. */
  readonly usesPerToken?: number;
  /** Token answers carry a `refresh_token`, which is accepted by POST from then on. */
  readonly refreshTokens?: boolean;
  /** Refresh tokens that are accepted from the start, as `docker login` keeps them (identitytoken); they are a user's. */
  readonly identityTokens?: readonly string[];
  /** The key of the answer under which the token stands. */
  readonly tokenKey?: 'token' | 'access_token';
}

/** How a registry identifies its clients. */
export type RegistryAuth =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'basic' } & Credentials)
  | BearerAuth;

/** A token that was given out. */
export interface IssuedToken {
  /** The user it was given to; undefined: anonymously. */
  readonly user: string | undefined;
  /** How the client proved itself. */
  readonly by: 'password' | 'refresh token' | 'nothing';
  readonly granted: readonly Access[];
  readonly token: string;
  uses: number;
}

/** The header value that a client sends for Basic authentication. */
export function basicHeader({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A scope as text. */
export function scopeText({ repository, actions }: Access): string {
  return `repository:${repository}:${actions.join(',')}`;
}

/** A scope from text; nothing when it names no repository. */
export function parseScope(text: string): Access | undefined {
  const parts = /^repository:(.+):([a-z*,]+)$/.exec(text);
  return parts ? { repository: parts[1] ?? '', actions: (parts[2] ?? '').split(',') } : undefined;
}

/** Judges requests and gives out tokens. */
export class Gatekeeper {
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

  /** The refusal of a request, or nothing when it may go on. No access asked for: any client known may. */
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

  /** The answer of the token endpoint: GET with Basic credentials or none, POST with a form (OAuth2). */
  token(request: ReceivedRequest): Reply {
    if (this.#auth.kind !== 'bearer') {
      return errorReply(404, 'NOT_FOUND', 'this registry gives out no tokens');
    }
    if (request.method !== 'GET' && request.method !== 'POST') {
      return errorReply(405, 'UNSUPPORTED', 'tokens are asked for by GET or POST', { allow: 'GET, POST' });
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
