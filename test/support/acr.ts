// An Azure Container Registry on loopback: a registry that names its tenant and exchanges tokens of Entra ID.
import type { ReceivedRequest } from './exchange.ts';
import { buildImage, seed } from './images.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from './registry.ts';
import { errorReply, jsonReply, type Reply } from './reply.ts';

/** The tenant in the challenges. */
export const acrTenant = '11111111-2222-3333-4444-555555555555';
/** The user name of those whose password is a refresh token. */
const tokenUser = '00000000-0000-0000-0000-000000000000';

/** How the registry answers. */
export interface AcrOptions extends Pick<RegistryOptions, 'tls'> {
  /** The tokens of Entra ID that it takes. */
  readonly accepts: string;
  /** Its answer to an exchange, in place of the right one. */
  readonly exchange?: Reply;
}

/** An ACR with the forms that it got at /oauth2/exchange. */
export interface Acr extends TestRegistry {
  readonly exchanges: readonly URLSearchParams[];
  /** What it gives for a token of Entra ID, and takes as a password. */
  readonly refreshToken: string;
}

/** A JSON Web Token that nobody signed, with an end in seconds since the epoch. */
export function unsignedToken(name: string, end: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ jti: name, exp: end })}.topsecret`;
}

/** Starts one that holds the image `app:latest`. */
export async function startAcr({ tls, accepts, exchange }: AcrOptions): Promise<Acr> {
  const exchanges: URLSearchParams[] = [];
  const refreshToken = unsignedToken('refresh', 4_102_444_800);
  const registry = await startRegistry({
    ...(tls ? { tls } : {}),
    auth: {
      kind: 'bearer',
      credentials: { user: tokenUser, password: refreshToken },
      realm: ({ scheme, port }) => `${scheme}://127.0.0.1:${port}/token?tenant=${acrTenant}`,
    },
    beside: (request) => {
      if (request.path !== '/oauth2/exchange') {
        return undefined;
      }
      const form = new URLSearchParams(request.body.toString());
      exchanges.push(form);
      return exchange ?? answerExchange(request, form, accepts, refreshToken);
    },
  });
  seed(registry, 'app', 'latest', await buildImage());
  return Object.assign(Object.create(registry) as TestRegistry, { exchanges, refreshToken });
}

function answerExchange(
  { method, headers }: ReceivedRequest,
  form: URLSearchParams,
  accepts: string,
  refreshToken: string,
): Reply {
  const right =
    method === 'POST' &&
    headers['content-type'] === 'application/x-www-form-urlencoded' &&
    form.get('grant_type') === 'access_token' &&
    form.get('service') === headers.host &&
    form.get('tenant') === acrTenant &&
    form.get('access_token') === accepts;
  return right
    ? jsonReply(200, { refresh_token: refreshToken })
    : errorReply(401, 'UNAUTHORIZED', `the token ${form.get('access_token')} is not for this registry`);
}
