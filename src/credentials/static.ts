// The username and password that the user wrote into the source.
import type { CredentialSource } from './credential-source.ts';

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

interface StaticSettings {
  readonly username: string;
  readonly password: string;
}
