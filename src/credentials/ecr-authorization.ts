// What Amazon ECR hands out for a log-in, and where the images of a region lie. Pure.
import { UserError } from '../errors.ts';

/** One entry of the answer of GetAuthorizationToken, as the API gives it: all of it is optional there. */
export interface AuthorizationData {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
  readonly proxyEndpoint?: string | undefined;
}

/** A password of the user `AWS`; `expires` is in milliseconds since the epoch. */
export interface EcrPassword {
  readonly password: string;
  readonly expires: number | undefined;
}

/** How the names of regions begin → domain of their registries, where it isn't `amazonaws.com`. */
const domains: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['us-isof-', 'csp.hci.ic.gov'],
];

/** The host of an account's private registry: `ACCOUNT.dkr.ecr.REGION.DOMAIN`, by the partitions of AWS. */
export function registryHost(accountId: string, region: string): string {
  const [, domain = 'amazonaws.com'] = domains.find(([start]) => region.startsWith(start)) ?? [];
  return `${accountId}.dkr.ecr.${region}.${domain}`;
}

/** The host in the first entry; a UserError when there is no entry or no host in it. */
export function endpointHost([first]: readonly AuthorizationData[]): string {
  const host = first?.proxyEndpoint?.replace(/^https:\/\//, '') ?? '';
  if (host === '') {
    throw noAuthorization(
      'names no registry',
      'set aws_account_id to the account that the registry belongs to',
    );
  }
  return host;
}

/** A repository on a host; one that names the host already stays as it is. */
export function repositoryOn(host: string, repository: string): string {
  return repository.startsWith(`${host}/`) ? repository : `${host}/${repository}`;
}

/**
 * The password in the last entry, without white space around it: tokens are `user:password` in base64, and both are
 * free of colons. No error quotes any of it.
 */
export function passwordOf(data: readonly AuthorizationData[]): EcrPassword {
  const last = data.at(-1);
  if (last?.authorizationToken === undefined) {
    throw noAuthorization('holds no authorization', 'try again; AWS sends one to all that may log in');
  }
  const parts = Buffer.from(last.authorizationToken, 'base64').toString().split(':');
  const password = parts[1]?.trim() ?? '';
  if (parts.length !== 2 || password === '') {
    throw noAuthorization(
      'holds an authorization that is not a user and a password',
      'check AWS_ENDPOINT_URL: the server there does not answer as ECR does',
    );
  }
  return { password, expires: last.expiresAt?.getTime() };
}

function noAuthorization(what: string, hint: string): UserError {
  return new UserError(`the answer to GetAuthorizationToken ${what}`, { hint });
}
