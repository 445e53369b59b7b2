// Log-in methods: their settings, their interface and their result.
import type { CredentialSource, CredentialSurroundings } from './credential-source.ts';

/** The `aws_*` keys of the source; empty strings are unset. */
export interface AwsSettings {
  readonly awsRegion: string;
  readonly awsAccessKeyId: string;
  readonly awsSecretAccessKey: string;
  readonly awsSessionToken: string;
  /** The roles to assume, each with the keys of the one before it. */
  readonly awsRoles: readonly string[];
  readonly awsAccountId: string;
}

/** The `azure_*` keys of the source; empty strings are unset. */
export interface AzureSettings {
  readonly azureAcr: boolean;
  readonly azureClientId: string;
  readonly azureTenantId: string;
  readonly azureEnvironment: string;
}

/** The repository and the keys about its log-in, as configured; empty strings are unset. */
export interface LoginSettings extends AwsSettings, AzureSettings {
  readonly repository: string;
  /** Whether plain HTTP may be tried. */
  readonly insecure: boolean;
  readonly username: string;
  readonly password: string;
  readonly googleAuth: boolean;
  /** The content of a Docker config.json, or the path of one. */
  readonly dockerConfig: string;
  /** Where that comes from; by default from the source of a resource. */
  readonly dockerConfigOrigin?: DockerConfigOrigin;
}

/** A key of a resource's source, one of the settings file, or the file that `docker login` writes for the user. */
export type DockerConfigOrigin = 'source' | 'settings' | 'user';

/** The name of the repository, which a method may change, and the source of its credentials. */
export interface Login {
  readonly repository: string;
  readonly credentials: CredentialSource;
}

/** One method to log in. It imports an SDK only when it is opened, because loading one takes long. */
export interface LoginMethod {
  /** Whether the settings select this method. */
  readonly applies: (settings: LoginSettings) => boolean;
  /** Logs in. May send requests. Throws a UserError that names the method. */
  readonly open: (settings: LoginSettings, surroundings: CredentialSurroundings) => Promise<Login>;
}
