// Which of Azure's clouds a registry is in, and which tenant it names. Pure.
import { isJsonObject, parseJson } from '../oci/json.ts';

/** The servers of one cloud. */
export interface AzureCloud {
  /** What a token is asked for. */
  readonly scope: string;
  /** The login server of Entra ID. */
  readonly authority: string;
}

/** The tenant of those who know none. */
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
 * The cloud of a registry (`host` or `host:port`): the one that `environment` names, even where the host says another;
 * else by the host's suffix. A name that is not in {@link azureEnvironments} counts as none.
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
 * The tenant in the `WWW-Authenticate` header of a registry: what follows `tenant=` in a Bearer challenge, where ACR
 * puts it into the query of the realm; {@link commonTenant} when there is none.
 */
export function challengeTenant(header: string): string {
  const [, tenant] = /^Bearer .*?tenant=([^"&]+)/.exec(header) ?? [];
  return tenant ?? commonTenant;
}

/** When a JSON Web Token (RFC 7519, `exp`) ends, in milliseconds since the epoch; undefined when it does not say. */
export function tokenEnd(token: string): number | undefined {
  const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
  const end = isJsonObject(claims) ? claims.exp : undefined;
  return typeof end === 'number' ? end * 1000 : undefined;
}
