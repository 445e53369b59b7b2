// A token server: it signs JSON web tokens that a real docker-registry verifies.
import { randomUUID, sign, X509Certificate } from 'node:crypto';
import { tokenSigner } from './certificates.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { type Access, basicHeader, type Credentials, parseScope } from './registry-auth.ts';
import { errorReply, jsonReply } from './reply.ts';

/** Service and issuer, equal in the registry's configuration and in the tokens. */
export const tokenService = 'test registry';
export const tokenIssuer = 'test token server';

/** A user's permissions; `repository` matches the whole name, absent credentials mean everybody. */
export interface Grant {
  readonly credentials?: Credentials;
  readonly repository: RegExp;
  readonly actions: readonly string[];
}

/** A running token server. */
export interface TokenServer extends RecordingServer {
  /** The realm for challenges. It names `localhost`: clients refuse realms on loopback addresses other than the registry. */
  readonly realm: string;
  /** What was granted, one list for each issued token. */
  readonly granted: readonly (readonly Access[])[];
}

/** Starts a token server on a free port. `GET /token` by the Docker token specification. */
export async function startTokenServer(grants: readonly Grant[]): Promise<TokenServer> {
  const granted: Access[][] = [];
  const server = await startRecordingServer({
    answer: (request) => {
      if (request.path !== '/token' || request.method !== 'GET') {
        return errorReply(404, 'NOT_FOUND', 'only GET /token is served');
      }
      const { authorization } = request.headers;
      const mine = grants.filter(
        ({ credentials }) => !credentials || authorization === basicHeader(credentials),
      );
      if (authorization !== undefined && !mine.some(({ credentials }) => credentials)) {
        return errorReply(401, 'UNAUTHORIZED', 'wrong credentials', {
          'www-authenticate': 'Basic realm="test tokens"',
        });
      }
      const asked = request.query.getAll('scope').flatMap((scope) => parseScope(scope) ?? []);
      const access = asked.map((scope) => allowed(scope, mine));
      granted.push(access);
      return jsonReply(200, {
        token: signedToken(request.query.get('service') ?? '', access),
        expires_in: 300,
      });
    },
  });
  const realm = `http://${server.otherHost}/token`;
  return Object.assign(Object.create(server) as RecordingServer, { realm, granted });
}

function allowed({ repository, actions }: Access, grants: readonly Grant[]): Access {
  const may = grants
    .filter((grant) => new RegExp(`^(?:${grant.repository.source})$`).test(repository))
    .flatMap((grant) => grant.actions);
  return { repository, actions: actions.filter((action) => may.includes(action)) };
}

/** A token signed with ES256, with its certificate in `x5c` (RFC 7515), valid for five minutes. */
function signedToken(audience: string, access: readonly Access[]): string {
  const now = Math.floor(Date.now() / 1000);
  const certificate = new X509Certificate(tokenSigner.cert).raw.toString('base64');
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate] };
  const claims = {
    iss: tokenIssuer,
    sub: '',
    aud: audience,
    exp: now + 300,
    nbf: now - 300,
    iat: now,
    jti: randomUUID(),
    access: access.map(({ repository, actions }) => ({ type: 'repository', name: repository, actions })),
  };
  const content = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(content), { key: tokenSigner.key, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}
