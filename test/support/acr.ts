// A fake Azure Container Registry: its challenges name a tenant, and it exchanges tokens of Entra ID for refresh tokens.
import type { ReceivedRequest } from './exchange.ts';
import { buildImage, seed } from './images.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from './registry.ts';
import { errorReply, jsonReply, type Reply } from './reply.ts';

/** The tenant in the challenges. */
export const acrTenant = '11111111-2222-3333-4444-555555555555';
/** The username that goes with a refresh token as the password. */
const tokenUser = '00000000-0000-0000-0000-000000000000';

/** How the registry responds. */
export interface AcrOptions extends Pick<RegistryOptions, 'tls'> {
  /** The token of Entra ID that it accepts. */
  readonly accepts: string;
  /** Replaces its response to an exchange. */
  readonly exchange?: Reply;
}

/** An ACR and the forms that it received at /oauth2/exchange. */
export interface Acr extends TestRegistry {
  readonly exchanges: readonly URLSearchParams[];
  /** The refresh token that it issues, and accepts as a password. */
  readonly refreshToken: string;
}

/** An unsigned JSON Web Token; `end` is its expiry in seconds since the epoch. */
export function unsignedToken(name: string, end: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ jti: name, exp: end })}.topsecret`;
}

/** Starts a registry that holds the image `app:latest`. */
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
      return exchange ?? exchangeReply(request, form, accepts, refreshToken);
    },
  });
  seed(registry, 'app', 'latest', await buildImage());
  return Object.assign(Object.create(registry) as TestRegistry, { exchanges, refreshToken });
}

function exchangeReply(
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
