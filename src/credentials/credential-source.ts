// Where a session gets its username and password, as often as it needs them.
import type { Log } from '../log.ts';
import type { BasicCredentials } from '../transport/authorization.ts';
import type { Clock } from '../transport/clock.ts';
import type { HttpClient } from '../transport/http-client.ts';
import type { Environment } from '../transport/proxy.ts';
import type { TrustRoots } from '../transport/trust-roots.ts';

/** Gives the credentials of one registry for as long as the process lives. */
export interface CredentialSource {
  /** What errors call it: `Amazon ECR (aws_region)`. */
  readonly name: string;
  /**
   * Credentials that are valid now, undefined for an anonymous session. Kept until shortly before they expire;
   * asking later gives fresh ones. Fails with a UserError that names the source and the next step.
   */
  credentials(): Promise<BasicCredentials | undefined>;
}

/** A username and password as the user configured them; empty strings are unset. */
interface StaticSettings {
  readonly username: string;
  readonly password: string;
}

/** Whether both halves are there. */
export function isStatic({ username, password }: StaticSettings): boolean {
  return username !== '' && password !== '';
}

/** Credentials when both halves are there; otherwise the registry is asked anonymously, as upstream does. */
export function staticCredentials(settings: StaticSettings): CredentialSource {
  const { username, password } = settings;
  const credentials = isStatic(settings) ? { username, password } : undefined;
  return { name: 'username and password', credentials: async () => credentials };
}

/** What a source of credentials may use of the world around it. */
export interface CredentialSurroundings {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly log: Log;
  /** Our own client, with the trust roots and proxies of the registry. */
  readonly client: HttpClient;
  /** For libraries that bring a client of their own. */
  readonly trustRoots: TrustRoots;
  /** A text that must never be shown from now on. */
  addSecret(secret: string): void;
}
