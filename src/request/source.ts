// What `source` of a request configures: where the image is and how to get there.

import { UserError } from '../errors.ts';
import { readWantedPlatform, type WantedPlatform } from '../oci/platform.ts';
import { type RawContentTrust, readContentTrust } from './content-trust.ts';
import type { ObjectReader } from './decode.ts';

/**
 * The `source` object, raw: texts may be empty, and empty means unset. Which combinations make sense is decided
 * where a field is used.
 */
export interface Source {
  /** As configured; an empty one is an error of whoever parses it. */
  readonly repository: string;
  /** Whether plain HTTP may be tried. TLS is verified all the same. */
  readonly insecure: boolean;
  /** A number is kept as it was written: `1.10` stays `1.10`. There is no default. */
  readonly tag: string;
  /** The suffix of semver tags that is looked for and published. */
  readonly variant: string;
  readonly semverConstraint: string;
  /** Whether prereleases are admitted. */
  readonly preReleases: boolean;
  /** Prerelease names admitted beside the usual ones. */
  readonly preReleasePrefixes: readonly string[];
  /** RE2. */
  readonly tagRegex: string;
  /** Whether the tags found by `tagRegex` are ordered by the images' creation time. */
  readonly createdAtSort: boolean;
  /** RE2. */
  readonly labelRegex: string;
  /** RE2. */
  readonly annotationRegex: string;
  /** Counts only together with `password`. */
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
  /** A config.json of docker as JSON text, or the path of one. */
  readonly dockerConfig: string;
  /** In the order in which they are asked. */
  readonly registryMirrors: readonly RegistryMirror[];
  readonly contentTrust: RawContentTrust | undefined;
  /** PEM texts of certificates that are trusted beside the system's. */
  readonly caCerts: readonly string[];
  /** Empty members mean the host's. */
  readonly platform: WantedPlatform | undefined;
  readonly debug: boolean;
}

/** A registry that is asked before another one, with credentials of its own. */
export interface RegistryMirror {
  readonly host: string;
  /** The registry in whose place it is asked (`for`); empty means Docker Hub. */
  readonly servedRegistry: string;
  readonly username: string;
  readonly password: string;
}

/** A `source` as it was decoded, before {@link parseSource}. */
export interface RawSource extends Omit<Source, 'awsRoles'> {
  readonly awsRoleArn: string;
  readonly awsRoleArns: readonly string[];
}

/** Reads a `source` object; {@link parseSource} has yet to judge it. */
export function readRawSource(object: ObjectReader): RawSource {
  return {
    repository: object.text('repository'),
    insecure: object.flag('insecure'),
    tag: object.scalar('tag'),
    variant: object.text('variant'),
    semverConstraint: object.text('semver_constraint'),
    preReleases: object.flag('pre_releases'),
    preReleasePrefixes: object.texts('pre_release_prefixes'),
    tagRegex: object.text('tag_regex'),
    createdAtSort: object.flag('created_at_sort'),
    labelRegex: object.text('label_regex'),
    annotationRegex: object.text('annotation_regex'),
    username: object.text('username'),
    password: object.text('password'),
    awsAccessKeyId: object.text('aws_access_key_id'),
    awsSecretAccessKey: object.text('aws_secret_access_key'),
    awsSessionToken: object.text('aws_session_token'),
    awsRegion: object.text('aws_region'),
    awsEcrRegistryId: object.text('aws_ecr_registry_id'),
    awsRoleArn: object.text('aws_role_arn'),
    awsRoleArns: object.texts('aws_role_arns'),
    awsAccountId: object.text('aws_account_id'),
    azureAcr: object.flag('azure_acr'),
    azureClientId: object.text('azure_client_id'),
    azureTenantId: object.text('azure_tenant_id'),
    azureEnvironment: object.text('azure_environment'),
    googleAuth: object.flag('google_auth'),
    dockerConfig: object.document('docker_config'),
    registryMirrors: object.objects('registry_mirror', readRegistryMirror, mirrorOnHost),
    contentTrust: object.optionalObject('content_trust', readContentTrust),
    caCerts: object.texts('ca_certs'),
    platform: object.optionalObject('platform', readPlatform),
    debug: object.flag('debug'),
  };
}

/** The `source` as read; a UserError when the roles to assume for Amazon ECR are given by two keys. */
export function parseSource({ awsRoleArn, awsRoleArns, ...source }: RawSource): Source {
  if (source.awsRegion !== '' && awsRoleArn !== '' && awsRoleArns.length > 0) {
    throw new UserError('cannot authenticate with ECR', {
      cause: new UserError('aws_role_arn and aws_role_arns are both set', {
        hint: 'remove aws_role_arn, and put its role first in aws_role_arns when it is the first to be assumed',
      }),
    });
  }
  return { ...source, awsRoles: awsRoleArn === '' ? awsRoleArns : [awsRoleArn] };
}

/** Reads a `platform` object of `source` or `params`. */
export function readPlatform(object: ObjectReader): WantedPlatform {
  const architecture = object.text('architecture');
  const os = object.text('os');
  return readWantedPlatform(os, architecture, object.text('variant'));
}

function readRegistryMirror(object: ObjectReader): RegistryMirror {
  return {
    host: object.text('host'),
    servedRegistry: object.text('for'),
    username: object.text('username'),
    password: object.text('password'),
  };
}

function mirrorOnHost(host: string): RegistryMirror {
  return { host, servedRegistry: '', username: '', password: '' };
}
