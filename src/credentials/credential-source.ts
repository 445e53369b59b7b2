// Credential sources: the username and password for a registry, static or renewed before they expire.
import type { Log } from '../log.ts';
import type { ReadCredentials } from '../transport/authorization.ts';
import type { Clock } from '../transport/clock.ts';
import type { HttpClient } from '../transport/http-client.ts';
import type { Environment } from '../transport/proxy.ts';
import type { TrustRoots } from '../transport/trust-roots.ts';

/** The credentials of one registry, for as long as the process runs. */
export interface CredentialSource {
  /** Its name in errors, for example `Amazon ECR (aws_region)`. */
  readonly name: string;
  /**
   * Credentials that are valid now; undefined for an anonymous session. They are kept until shortly before they expire,
   * then renewed, or at once with `fresh`. Throws a UserError that names the source and has a hint.
   */
  readonly credentials: ReadCredentials;
}

/** A username and password as the user configured them; empty strings are unset. */
interface StaticSettings {
  readonly username: string;
  readonly password: string;
}

/** Whether both username and password are set. */
export function isStatic({ username, password }: StaticSettings): boolean {
  return username !== '' && password !== '';
}

/** The username and password as credentials; anonymous when one of them is unset, as in upstream. */
export function staticCredentials(settings: StaticSettings): CredentialSource {
  const { username, password } = settings;
  const credentials = isStatic(settings) ? { username, password } : undefined;
  return { name: 'username and password', credentials: async () => credentials };
}

/** What a credential source uses of the process around it. */
export interface CredentialSurroundings {
  readonly environment: Environment;
  readonly clock: Clock;
  /** Ends what a log-in does when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  readonly log: Log;
  /** A client with the trust roots and proxies of the registry. */
  readonly client: HttpClient;
  /** The trust roots of `client`, for clients with other settings. */
  readonly trustRoots: TrustRoots;
  /** A string that must not appear in any output from now on. */
  addSecret(secret: string): void;
}
