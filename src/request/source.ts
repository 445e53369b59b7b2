// What `source` of a request configures: where the image is and how to get there.
import { readWantedPlatform, type WantedPlatform } from '../oci/platform.ts';
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
  readonly awsRoleArn: string;
  readonly awsRoleArns: readonly string[];
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
  readonly contentTrust: ContentTrust | undefined;
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

/** Keys and server for signing pushed tags with Notary. */
export interface ContentTrust {
  readonly server: string;
  readonly repositoryKeyId: string;
  readonly repositoryKey: string;
  readonly repositoryPassphrase: string;
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly username: string;
  readonly password: string;
  readonly scopes: string;
  /** Whether a signature that fails fails the put: `fail`, which empty means too, or `warn`. */
  readonly onFailure: string;
}

/** Reads a `source` object. */
export function readSource(object: ObjectReader): Source {
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

function readContentTrust(object: ObjectReader): ContentTrust {
  return {
    server: object.text('server'),
    repositoryKeyId: object.text('repository_key_id'),
    repositoryKey: object.text('repository_key'),
    repositoryPassphrase: object.text('repository_passphrase'),
    tlsKey: object.text('tls_key'),
    tlsCert: object.text('tls_cert'),
    username: object.text('username'),
    password: object.text('password'),
    scopes: object.text('scopes'),
    onFailure: object.text('on_failure'),
  };
}
