// What a log-in is asked for by, and what it comes to.
import type { CredentialSource, CredentialSurroundings } from './credential-source.ts';

/** The `aws_*` keys of the source; empty texts are unset. */
export interface AwsSettings {
  readonly awsRegion: string;
  readonly awsAccessKeyId: string;
  readonly awsSecretAccessKey: string;
  readonly awsSessionToken: string;
  /** The roles to assume, each with the keys of the one before it. */
  readonly awsRoles: readonly string[];
  readonly awsAccountId: string;
}

/** The `azure_*` keys of the source; empty texts are unset. */
export interface AzureSettings {
  readonly azureAcr: boolean;
  readonly azureClientId: string;
  readonly azureTenantId: string;
  readonly azureEnvironment: string;
}

/** What the user configured about the repository and the way to log in there; empty texts are unset. */
export interface LoginSettings extends AwsSettings, AzureSettings {
  readonly repository: string;
  /** Whether plain HTTP may be tried. */
  readonly insecure: boolean;
  readonly username: string;
  readonly password: string;
  readonly googleAuth: boolean;
  /** A config.json of docker as JSON text, or the path of one. */
  readonly dockerConfig: string;
}

/** A repository's name, perhaps another one than was configured, and the source of its credentials. */
export interface Login {
  readonly repository: string;
  readonly credentials: CredentialSource;
}

/** One way to log in. A library that it needs is imported when it is opened, so that nobody else pays for it. */
export interface LoginMethod {
  /** Whether the settings ask for it. */
  readonly applies: (settings: LoginSettings) => boolean;
  /** May ask servers; fails with a UserError of this way. */
  readonly open: (settings: LoginSettings, surroundings: CredentialSurroundings) => Promise<Login>;
}
