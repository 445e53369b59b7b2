// The `source` of a request: the repository, which versions of it, and how to log in there.

import { UserError } from '../errors.ts';
import { readWantedPlatform, type WantedPlatform } from '../oci/platform.ts';
import { type RawContentTrust, readContentTrust } from './content-trust.ts';
import type { ObjectReader } from './decode.ts';
import { readSourceVerify, type SourceVerify } from './verify.ts';

/**
 * The `source` object. Empty strings and lists are unset. A value is checked where it is used, except where two keys
 * exclude each other.
 */
export interface Source {
  /** As configured, and not checked yet. */
  readonly repository: string;
  /** Whether plain HTTP may be tried. TLS certificates are verified all the same. */
  readonly insecure: boolean;
  /** A number is kept as written: `1.10` stays `1.10`. There is no default. */
  readonly tag: string;
  /** The suffix of version tags to look for and to publish. */
  readonly variant: string;
  readonly semverConstraint: string;
  /** Whether prereleases are admitted. */
  readonly preReleases: boolean;
  /** Prerelease names admitted in addition to the usual ones. */
  readonly preReleasePrefixes: readonly string[];
  /** A regular expression in RE2 syntax, as the other two. */
  readonly tagRegex: string;
  /** Whether the tags that match `tagRegex` are ordered by the creation time of their images. */
  readonly createdAtSort: boolean;
  readonly labelRegex: string;
  readonly annotationRegex: string;
  /** Used only together with `password`. */
  readonly username: string;
  readonly password: string;
  readonly awsAccessKeyId: string;
  readonly awsSecretAccessKey: string;
  readonly awsSessionToken: string;
  readonly awsRegion: string;
  readonly awsEcrRegistryId: string;
  /** The roles to assume, each with the keys of the one before it. */
  readonly awsRoles: readonly string[];
  readonly awsAccountId: string;
  readonly azureAcr: boolean;
  readonly azureClientId: string;
  readonly azureTenantId: string;
  readonly azureEnvironment: string;
  readonly googleAuth: boolean;
  /** The content of a Docker config.json, or the path of one. */
  readonly dockerConfig: string;
  /** In the order in which they are tried. */
  readonly registryMirrors: readonly RegistryMirror[];
  readonly contentTrust: RawContentTrust | undefined;
  readonly verify: SourceVerify | undefined;
  /** Certificates in PEM that are trusted in addition to those of the system. */
  readonly caCerts: readonly string[];
  /** Empty members stand for those of the host. */
  readonly platform: WantedPlatform | undefined;
  readonly debug: boolean;
}

/** A registry that is asked before another one, with a username and password of its own. */
export interface RegistryMirror {
  readonly host: string;
  /** The registry that it mirrors (`for`); empty for Docker Hub. */
  readonly servedRegistry: string;
  readonly username: string;
  readonly password: string;
}

/** A `source` object as decoded, before {@link parseSource}. */
export interface RawSource extends Omit<Source, 'awsRoles'> {
  readonly awsRoleArn: string;
  readonly awsRoleArns: readonly string[];
}

/** Decodes a `source` object, which {@link parseSource} has yet to check. */
export function readRawSource(object: ObjectReader): RawSource {
  return {
    repository: object.string('repository'),
    ...readRawLogin(object),
    tag: object.scalar('tag'),
    variant: object.string('variant'),
    semverConstraint: object.string('semver_constraint'),
    preReleases: object.boolean('pre_releases'),
    preReleasePrefixes: object.strings('pre_release_prefixes'),
    tagRegex: object.string('tag_regex'),
    createdAtSort: object.boolean('created_at_sort'),
    labelRegex: object.string('label_regex'),
    annotationRegex: object.string('annotation_regex'),
    awsEcrRegistryId: object.string('aws_ecr_registry_id'),
    registryMirrors: object.objects('registry_mirror', readRegistryMirror, mirrorOnHost),
    contentTrust: object.optionalObject('content_trust', readContentTrust),
    verify: object.stated('verify', object.object('verify', readSourceVerify)),
    platform: object.optionalObject('platform', readPlatform),
    debug: object.boolean('debug'),
  };
}

/**
 * The `source` of a request; a slash at the end of `repository` is left out. Throws a UserError when two keys name roles to
 * assume for Amazon ECR.
 */
export function parseSource(raw: RawSource): Source {
  return parseLogin({ ...raw, repository: raw.repository.replace(/\/$/, '') });
}

/** The keys that say how a registry is reached, logged in to and trusted; a `source` has them, and settings files too. */
export type LoginKeys = Pick<
  Source,
  | 'insecure'
  | 'username'
  | 'password'
  | 'awsAccessKeyId'
  | 'awsSecretAccessKey'
  | 'awsSessionToken'
  | 'awsRegion'
  | 'awsRoles'
  | 'awsAccountId'
  | 'azureAcr'
  | 'azureClientId'
  | 'azureTenantId'
  | 'azureEnvironment'
  | 'googleAuth'
  | 'dockerConfig'
  | 'caCerts'
>;

/** {@link LoginKeys} as decoded, before {@link parseLogin}. */
export interface RawLogin extends Omit<LoginKeys, 'awsRoles'> {
  readonly awsRoleArn: string;
  readonly awsRoleArns: readonly string[];
}

/** What the keys of a log-in are read from: an object of a request, or a map of a settings file. */
export type LoginReader = Pick<ObjectReader, 'string' | 'boolean' | 'strings' | 'stringOrObject'>;

/** Decodes the keys of a log-in, which {@link parseLogin} has yet to check. */
export function readRawLogin(object: LoginReader): RawLogin {
  return {
    insecure: object.boolean('insecure'),
    username: object.string('username'),
    password: object.string('password'),
    awsAccessKeyId: object.string('aws_access_key_id'),
    awsSecretAccessKey: object.string('aws_secret_access_key'),
    awsSessionToken: object.string('aws_session_token'),
    awsRegion: object.string('aws_region'),
    awsRoleArn: object.string('aws_role_arn'),
    awsRoleArns: object.strings('aws_role_arns'),
    awsAccountId: object.string('aws_account_id'),
    azureAcr: object.boolean('azure_acr'),
    azureClientId: object.string('azure_client_id'),
    azureTenantId: object.string('azure_tenant_id'),
    azureEnvironment: object.string('azure_environment'),
    googleAuth: object.boolean('google_auth'),
    dockerConfig: object.stringOrObject('docker_config'),
    caCerts: object.strings('ca_certs'),
  };
}

/** The keys of a log-in. Throws a UserError when two of them name roles to assume for Amazon ECR. */
export function parseLogin<Raw extends RawLogin>({
  awsRoleArn,
  awsRoleArns,
  ...login
}: Raw): Omit<Raw, 'awsRoleArn' | 'awsRoleArns'> & Pick<LoginKeys, 'awsRoles'> {
  if (login.awsRegion !== '' && awsRoleArn !== '' && awsRoleArns.length > 0) {
    throw new UserError('cannot authenticate with ECR', {
      cause: new UserError('aws_role_arn and aws_role_arns are both set', {
        hint: 'remove aws_role_arn, and put its role first in aws_role_arns when it is the first to be assumed',
      }),
    });
  }
  return { ...login, awsRoles: awsRoleArn === '' ? awsRoleArns : [awsRoleArn] };
}

/** Decodes a `platform` object of `source` or `params`. */
export function readPlatform(object: ObjectReader): WantedPlatform {
  const architecture = object.string('architecture');
  const os = object.string('os');
  return readWantedPlatform(os, architecture, object.string('variant'));
}

/** Decodes one `registry_mirror` object. */
export function readRegistryMirror(object: ObjectReader): RegistryMirror {
  return {
    host: object.string('host'),
    servedRegistry: object.string('for'),
    username: object.string('username'),
    password: object.string('password'),
  };
}

function mirrorOnHost(host: string): RegistryMirror {
  return { host, servedRegistry: '', username: '', password: '' };
}
