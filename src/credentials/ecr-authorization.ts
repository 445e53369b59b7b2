// The response of GetAuthorizationToken of Amazon ECR: password, expiry and registry host; hosts by region. Pure.
import { UserError } from '../errors.ts';

/** One entry of the response of GetAuthorizationToken, in which every member is optional. */
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

/** Prefix of a region → domain of its registries, where that is not `amazonaws.com`. */
const domains: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['us-isof-', 'csp.hci.ic.gov'],
];

/** The host of the private registry of an account: `ACCOUNT.dkr.ecr.REGION.DOMAIN`, by the partitions of AWS. */
export function registryHost(accountId: string, region: string): string {
  const [, domain = 'amazonaws.com'] = domains.find(([start]) => region.startsWith(start)) ?? [];
  return `${accountId}.dkr.ecr.${region}.${domain}`;
}

/** The registry host in the first entry. Throws a UserError when there is none. */
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

/** The full name of a repository on a host; a name that begins with the host is not changed. */
export function repositoryOn(host: string, repository: string): string {
  return repository.startsWith(`${host}/`) ? repository : `${host}/${repository}`;
}

/**
 * The password in the last entry, without white space around it. A token is the base64 of `user:password`, neither of
 * which has a colon. Throws a UserError that does not quote the token.
 */
export function passwordOf(data: readonly AuthorizationData[]): EcrPassword {
  const last = data.at(-1);
  if (last?.authorizationToken === undefined) {
    throw noAuthorization(
      'has no authorization',
      'try again; AWS returns one to every identity that may log in',
    );
  }
  const parts = Buffer.from(last.authorizationToken, 'base64').toString().split(':');
  const password = parts[1]?.trim() ?? '';
  if (parts.length !== 2 || password === '') {
    throw noAuthorization(
      'has an authorization that is not a user and a password',
      'check AWS_ENDPOINT_URL: the server there does not respond as ECR does',
    );
  }
  return { password, expires: last.expiresAt?.getTime() };
}

function noAuthorization(what: string, hint: string): UserError {
  return new UserError(`the response of GetAuthorizationToken ${what}`, { hint });
}
