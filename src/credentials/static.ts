// The username and password that the user wrote into the source.
import type { BasicCredentials } from '../transport/authorization.ts';

/** Credentials when both halves are there; otherwise the registry is asked anonymously, as upstream does. */
export function staticCredentials(username: string, password: string): BasicCredentials | undefined {
  return username !== '' && password !== '' ? { username, password } : undefined;
}
