// An access token of Entra ID for the identity of the worker: workload identity on Kubernetes, or a managed identity.
import { UserError } from '../errors.ts';
import type { HttpClient } from '../transport/http-client.ts';
import { networkError } from '../transport/network-error.ts';
import { discardBody } from '../transport/response-body.ts';
import { parseUrl } from '../transport/url-syntax.ts';
import type { AzureCloud } from './acr-cloud.ts';
import { azureHttpClient } from './azure-http.ts';
import type { CredentialSurroundings } from './credential-source.ts';
import { metadataPatience, withMetadataClient } from './metadata-client.ts';

/** The identity that a token is requested for. Empty strings are unset. */
export interface AzureIdentity {
  /** The client id of a user-assigned identity; unset for the system-assigned one. */
  readonly clientId: string;
  /** Used for workload identity only, before AZURE_TENANT_ID. */
  readonly tenantId: string;
  readonly cloud: AzureCloud;
  /** Whether the user configured the cloud: then AZURE_AUTHORITY_HOST is ignored. */
  readonly namedCloud: boolean;
}

/** A token, and when it expires in milliseconds since the epoch. */
export interface AzureToken {
  readonly token: string;
  readonly expires: number;
}

/** The Instance Metadata Service of Azure, unless AZURE_POD_IDENTITY_AUTHORITY_HOST is set. */
const metadataOrigin = 'http://169.254.169.254';
const retryOptions = { maxRetries: 3, retryDelayInMs: 1_000, maxRetryDelayInMs: 1_000 };

/**
 * A token for the scope of the cloud. With AZURE_FEDERATED_TOKEN_FILE it is for the workload identity of the pod only:
 * no other identity is tried when that fails. Otherwise it is for the managed identity of App Service, Service Fabric,
 * Azure Arc and so on, which the environment names, or of the machine, whose metadata server has to respond within three
 * seconds. Throws a UserError that names the identity.
 */
export async function azureToken(
  identity: AzureIdentity,
  surroundings: CredentialSurroundings,
): Promise<AzureToken> {
  const { environment, addSecret } = surroundings;
  const { AZURE_POD_IDENTITY_AUTHORITY_HOST, IDENTITY_ENDPOINT, MSI_ENDPOINT } = environment;
  const origin = AZURE_POD_IDENTITY_AUTHORITY_HOST || metadataOrigin;
  const metadataHosts = [origin, IDENTITY_ENDPOINT, MSI_ENDPOINT].flatMap(
    (url) => parseUrl(url ?? '')?.host ?? [],
  );
  for (const secret of [environment.IDENTITY_HEADER, environment.MSI_SECRET]) {
    addSecret(secret ?? '');
  }
  return await withMetadataClient(surroundings, metadataHosts, async (client) => {
    const httpClient = azureHttpClient(client, addSecret);
    if (environment.AZURE_FEDERATED_TOKEN_FILE) {
      return await workloadToken(identity, environment.AZURE_FEDERATED_TOKEN_FILE, surroundings, httpClient);
    }
    if (!IDENTITY_ENDPOINT && !MSI_ENDPOINT) {
      await expectMetadataServer(client, origin);
    }
    const options = { httpClient, retryOptions };
    const { clientId, cloud } = identity;
    const { ManagedIdentityCredential } = await import('./azure-sdk.ts');
    return await ask('the managed identity', managedHint(clientId), () =>
      new ManagedIdentityCredential(clientId === '' ? options : { clientId, ...options }).getToken(
        cloud.scope,
      ),
    );
  });
}

async function workloadToken(
  identity: AzureIdentity,
  tokenFilePath: string,
  { environment }: CredentialSurroundings,
  httpClient: ReturnType<typeof azureHttpClient>,
): Promise<AzureToken> {
  const { cloud, namedCloud } = identity;
  const clientId = identity.clientId || environment.AZURE_CLIENT_ID || '';
  const tenantId = identity.tenantId || environment.AZURE_TENANT_ID || '';
  if (clientId === '' || tenantId === '') {
    throw new UserError(
      `workload identity: AZURE_FEDERATED_TOKEN_FILE is set, but no ${
        clientId === '' ? 'client' : 'tenant'
      } id`,
      {
        hint: 'set azure_client_id and azure_tenant_id, or AZURE_CLIENT_ID and AZURE_TENANT_ID of {here}',
      },
    );
  }
  const configured = namedCloud ? '' : (environment.AZURE_AUTHORITY_HOST ?? '');
  const authorityHost = configured || cloud.authority;
  const hint = 'check the federated credential of the identity: its issuer, its subject and AZURE_CLIENT_ID';
  const { WorkloadIdentityCredential } = await import('./azure-sdk.ts');
  return await ask('the workload identity', hint, () =>
    new WorkloadIdentityCredential({
      clientId,
      tenantId,
      tokenFilePath,
      authorityHost,
      httpClient,
      // The authority is known or configured on the worker. A lookup at Microsoft would leave the cloud.
      disableInstanceDiscovery: true,
      retryOptions,
    }).getToken(cloud.scope),
  );
}

/** Any response shows that the server exists. It issues no token without the header `Metadata`. */
async function expectMetadataServer(client: HttpClient, origin: string): Promise<void> {
  const url = `${origin.replace(/\/$/, '')}/metadata/identity/oauth2/token`;
  try {
    const request = { method: 'GET', url, headers: {}, timeout: metadataPatience };
    await discardBody(await client.send(request));
  } catch (error) {
    throw new UserError('the metadata server of Azure is absent', {
      cause: networkError('GET', url, error),
      hint: '{here} must run on Azure with a managed identity, or with workload identity (AZURE_FEDERATED_TOKEN_FILE); else set username and password instead of azure_acr',
    });
  }
}

async function ask(
  who: string,
  hint: string,
  getToken: () => Promise<{ token: string; expiresOnTimestamp: number } | null>,
): Promise<AzureToken> {
  const issued = await getToken().catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    const [line = ''] = text.split('\n');
    throw new UserError(`asking ${who} for a token`, { cause: new UserError(line.slice(0, 500)), hint });
  });
  if (!issued?.token) {
    throw new UserError(`asking ${who} for a token: the response has none`, { hint });
  }
  return { token: issued.token, expires: issued.expiresOnTimestamp };
}

function managedHint(clientId: string): string {
  return clientId === ''
    ? 'assign an identity to the machine; of several user-assigned ones name one by azure_client_id'
    : 'check that azure_client_id is that of an identity which is assigned to the machine';
}
