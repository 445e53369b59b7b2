// The clouds of Azure: their servers, the cloud and the tenant of a registry, and when its tokens expire. Pure.
import { isJsonObject, parseJson } from '../oci/json.ts';

/** The servers of one cloud. */
export interface AzureCloud {
  /** The scope of an access token. */
  readonly scope: string;
  /** The login server of Entra ID. */
  readonly authority: string;
}

/** The tenant to use when none is known. */
export const commonTenant = 'common';

const clouds = {
  AzurePublic: {
    scope: 'https://management.azure.com/.default',
    authority: 'https://login.microsoftonline.com/',
  },
  AzureGovernment: {
    scope: 'https://management.usgovcloudapi.net/.default',
    authority: 'https://login.microsoftonline.us/',
  },
  AzureChina: {
    scope: 'https://management.chinacloudapi.cn/.default',
    authority: 'https://login.chinacloudapi.cn/',
  },
} as const satisfies Record<string, AzureCloud>;

/** The names that `azure_environment` may have. */
export const azureEnvironments: readonly string[] = Object.keys(clouds);

/**
 * The cloud of a registry (`host` or `host:port`): the one named by `environment`, whatever the host, or else by the
 * suffix of the host. A name that is not in {@link azureEnvironments} is ignored.
 */
export function azureCloud(registry: string, environment: string): AzureCloud {
  const [, named] = Object.entries(clouds).find(([name]) => name === environment) ?? [];
  const host = registry.replace(/:\d+$/, '').toLowerCase();
  if (named) {
    return named;
  }
  if (host.endsWith('.azurecr.us')) {
    return clouds.AzureGovernment;
  }
  return host.endsWith('.azurecr.cn') ? clouds.AzureChina : clouds.AzurePublic;
}

/**
 * The tenant in the `WWW-Authenticate` header of a registry: the value after `tenant=` in a Bearer challenge, which ACR
 * puts into the query of the realm; {@link commonTenant} when there is none.
 */
export function challengeTenant(header: string): string {
  const [, tenant] = /^Bearer .*?tenant=([^"&]+)/.exec(header) ?? [];
  return tenant ?? commonTenant;
}

/** When a JSON Web Token expires (RFC 7519, `exp`), in milliseconds since the epoch; undefined when it does not say. */
export function tokenExpiry(token: string): number | undefined {
  const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
  const seconds = isJsonObject(claims) ? claims.exp : undefined;
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}
