// The log-in to Azure Container Registry: a refresh token of the registry as the password, for the identity of the worker.
import { UserError } from '../errors.ts';
import { parseRepository } from '../oci/reference.ts';
import { azureCloud, azureEnvironments, tokenExpiry } from './acr-cloud.ts';
import { discoverTenant, exchangeToken, respondsOverHttps } from './acr-exchange.ts';
import { azureToken } from './azure-token.ts';
import type { CredentialSurroundings } from './credential-source.ts';
import { cachedUntilExpiry } from './expiring-cache.ts';
import type { Login, LoginSettings } from './login.ts';

/** The user name by which ACR recognises a password that is a refresh token. */
const username = '00000000-0000-0000-0000-000000000000';

/**
 * Logs in to the registry of the repository. The password is renewed before it expires. Every failure is a UserError
 * "cannot authenticate with ACR".
 */
export async function acrLogin(
  settings: LoginSettings,
  surroundings: CredentialSurroundings,
): Promise<Login> {
  const { repository, azureEnvironment } = settings;
  if (azureEnvironment !== '' && !azureEnvironments.includes(azureEnvironment)) {
    surroundings.log.warn(
      `azure_environment ${JSON.stringify(azureEnvironment)} is unknown (it may be ${azureEnvironments.join(', ')}): the cloud is taken from the host of the repository`,
    );
  }
  const password = cachedUntilExpiry(surroundings.clock, async () => {
    try {
      return await fetchPassword(settings, surroundings);
    } catch (cause) {
      throw new UserError('cannot authenticate with ACR (azure_acr)', { cause });
    }
  });
  await password();
  return {
    repository,
    credentials: {
      name: 'Azure Container Registry (azure_acr)',
      credentials: async (fresh) => ({ username, password: (await password(fresh)).token }),
    },
  };
}

async function fetchPassword(
  { repository, insecure, azureClientId, azureTenantId, azureEnvironment }: LoginSettings,
  surroundings: CredentialSurroundings,
): Promise<{ token: string; expires: number | undefined }> {
  const { client, addSecret } = surroundings;
  const { registry } = parseRepository(repository);
  const identity = {
    clientId: azureClientId,
    tenantId: azureTenantId,
    cloud: azureCloud(registry, azureEnvironment),
    namedCloud: azureEnvironments.includes(azureEnvironment),
  };
  const { token: accessToken } = await azureToken(identity, surroundings);
  addSecret(accessToken);
  const isPlain = insecure && !(await respondsOverHttps(client, registry));
  const origin = `${isPlain ? 'http' : 'https'}://${registry}`;
  const tenant = azureTenantId || (await discoverTenant(client, origin));
  const exchange = { origin, registry, tenant, accessToken };
  const token = await exchangeToken(client, exchange).catch((cause: unknown) => {
    throw azureTenantId === ''
      ? cause
      : new UserError(`the token for the tenant of azure_tenant_id (${azureTenantId}) is refused`, {
          cause,
          hint: 'check that azure_tenant_id is the tenant of the registry and of the identity, or leave it out',
        });
  });
  addSecret(token);
  return { token, expires: tokenExpiry(token) };
}
