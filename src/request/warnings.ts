// Warnings about keys of a source that have no effect, which upstream accepts in silence. Pure.
import { dockerHub, parseRepository, withoutUserInfo } from '../oci/reference.ts';
import { paddedSecretWarnings } from './padded-secrets.ts';
import type { RawSource } from './source.ts';
import { checkVerifyWarnings, verifyWarnings } from './verify.ts';

/** One line for each setting that has no effect in any command. No line contains a secret. */
export function sourceWarnings(source: RawSource): string[] {
  const logins = [
    { ...source, where: 'source', another: hasAnotherLogin(source) },
    ...source.registryMirrors.map((mirror) => ({
      ...mirror,
      where: `source.registry_mirror on ${JSON.stringify(withoutUserInfo(mirror.host))}`,
      another: false,
    })),
  ];
  return [
    ...(source.awsEcrRegistryId === ''
      ? []
      : ['source.aws_ecr_registry_id is deprecated and has no effect: remove it']),
    ...registryWithoutPath(source),
    ...azureWithoutLogin(source),
    ...amazonWarnings(source),
    ...logins.flatMap(halfCredential),
    ...paddedSecretWarnings(source),
    ...verifyWarnings(source.verify),
  ];
}

function hasAnotherLogin({ awsRegion, azureAcr, googleAuth, dockerConfig }: RawSource): boolean {
  return azureAcr || googleAuth || awsRegion !== '' || dockerConfig !== '';
}

/** Docker Hub has no such repository; only a mirror might. */
function registryWithoutPath({ repository, awsRegion }: RawSource): string[] {
  const name = repository.replace(/\/$/, '');
  return awsRegion === '' && /^[^/:@]+\.[^/:@]+$/.test(name)
    ? [
        `source.repository has no path after ${JSON.stringify(name)}: it is read as library/${name} on Docker Hub`,
      ]
    : [];
}

function azureWithoutLogin({
  azureAcr,
  azureClientId,
  azureTenantId,
  azureEnvironment,
}: RawSource): string[] {
  const keys = [
    azureClientId !== '' && 'azure_client_id',
    azureTenantId !== '' && 'azure_tenant_id',
    azureEnvironment !== '' && 'azure_environment',
  ].filter((key) => key !== false);
  return azureAcr || keys.length === 0
    ? []
    : [`source.${keys.join(', ')} without azure_acr: no effect, set "azure_acr: true" to log in to ACR`];
}

/** One line for each key that has no effect in a check, because of another key or without it. */
export function checkWarnings(source: RawSource): string[] {
  const { tag, tagRegex, createdAtSort, preReleases, preReleasePrefixes } = source;
  return [
    ...overriddenKeys(source),
    ...(createdAtSort && tag === '' && tagRegex === ''
      ? ['source.created_at_sort has no effect without tag_regex']
      : []),
    ...(preReleasePrefixes.length > 0 && !preReleases && tag === '' && tagRegex === ''
      ? ['source.pre_release_prefixes has no effect without "pre_releases: true"']
      : []),
    ...checkVerifyWarnings(source.verify),
  ];
}

/** One line for each mirror that gets no request of a check or a get, and for each without a host. */
export function mirrorWarnings({ registryMirrors, repository, awsRegion }: RawSource): string[] {
  const registry = registryOf(repository);
  return registryMirrors.flatMap(({ host, servedRegistry }, position) => {
    const key = `source.registry_mirror[${position}]`;
    const served = servedRegistry === '' || servedRegistry === 'docker.io' ? dockerHub : servedRegistry;
    // For ECR the registry is known only after the log-in.
    if (registry !== undefined && registry !== served && awsRegion === '') {
      const name = JSON.stringify(withoutUserInfo(served));
      return [
        `${key} has no effect: it mirrors ${name}, and the repository is on ${JSON.stringify(registry)}`,
      ];
    }
    return host === '' ? [`${key} has no host: ${dockerHub} itself is asked in its place`] : [];
  });
}

function registryOf(repository: string): string | undefined {
  try {
    return parseRepository(repository).registry;
  } catch {
    return undefined;
  }
}

function overriddenKeys(source: RawSource): string[] {
  const winner = source.tag !== '' ? 'tag' : source.tagRegex !== '' ? 'tag_regex' : undefined;
  const semverKeys = [
    source.variant !== '' && 'variant',
    source.semverConstraint !== '' && 'semver_constraint',
    source.preReleases && 'pre_releases',
    source.preReleasePrefixes.length > 0 && 'pre_release_prefixes',
  ];
  const patternKeys = [source.tagRegex !== '' && 'tag_regex', source.createdAtSort && 'created_at_sort'];
  const ignored = [...semverKeys, ...(winner === 'tag' ? patternKeys : [])].filter((key) => key !== false);
  return winner === undefined || ignored.length === 0
    ? []
    : [`source.${winner} is set, so check goes by it alone and ignores ${ignored.join(', ')}`];
}

/** Upstream sends anonymous requests then. Most often a variable of the pipeline is empty. */
function halfCredential({
  username,
  password,
  where,
  another,
}: {
  readonly username: string;
  readonly password: string;
  readonly where: string;
  /** Whether another log-in is configured. */
  readonly another: boolean;
}): string[] {
  if ((username === '') === (password === '')) {
    return [];
  }
  const [there, missing] = username === '' ? ['password', 'username'] : ['username', 'password'];
  return [
    `${where} has a ${there} but no ${missing}: neither is used${another ? '' : ', the registry is asked anonymously'}`,
  ];
}

function amazonWarnings(source: RawSource): string[] {
  const { awsRegion, awsAccessKeyId: id, awsSecretAccessKey: secret } = source;
  const keys = [
    id !== '' && 'aws_access_key_id',
    secret !== '' && 'aws_secret_access_key',
    source.awsSessionToken !== '' && 'aws_session_token',
    source.awsRoleArn !== '' && 'aws_role_arn',
    source.awsRoleArns.length > 0 && 'aws_role_arns',
    source.awsAccountId !== '' && 'aws_account_id',
  ].filter((key) => key !== false);
  if (awsRegion === '') {
    return keys.length === 0
      ? []
      : [`source.${keys.join(', ')} without aws_region: no effect, set aws_region to log in to Amazon ECR`];
  }
  const [there, missing] =
    id === '' ? ['secret_access_key', 'access_key_id'] : ['access_key_id', 'secret_access_key'];
  return [
    ...((id === '') === (secret === '')
      ? []
      : [
          `source has aws_${there} but no aws_${missing}: neither is used; the AWS credentials of the worker are`,
        ]),
    ...(source.username !== '' && source.password !== ''
      ? [
          'source.username and password have no effect beside aws_region: Amazon ECR issues a password of its own',
        ]
      : []),
    ...(source.awsAccountId !== '' && source.repository.startsWith('public.ecr.aws/')
      ? ['source.aws_account_id has no effect on public.ecr.aws']
      : []),
  ];
}
