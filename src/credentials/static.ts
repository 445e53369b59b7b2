// The username and password that the user wrote into the source.
import type { CredentialSource } from './credential-source.ts';

/** Credentials when both halves are there; otherwise the registry is asked anonymously, as upstream does. */
export function staticCredentials({ username, password }: StaticSettings): CredentialSource {
  const credentials = username !== '' && password !== '' ? { username, password } : undefined;
  return { name: 'username and password', credentials: async () => credentials };
}

interface StaticSettings {
  readonly username: string;
  readonly password: string;
}
