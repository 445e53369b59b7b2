// The log-in to Artifact Registry and Container Registry of Google Cloud: an access token as the password.
import { errorHint, errorText } from '../errors.ts';
import type { BasicCredentials } from '../transport/authorization.ts';
import type { CredentialSurroundings } from './credential-source.ts';
import { cachedUntilExpiry } from './expiring-cache.ts';
import { googleToken } from './google-token.ts';
import type { Login, LoginSettings } from './login.ts';

/** The user name by which Google recognises a password that is an access token. */
const username = '_token';

/**
 * Logs in by the application default credentials. The token is renewed before it expires. Without a token the session is
 * anonymous, as in Google's fork, and the log says why.
 */
export async function googleLogin(
  { repository }: LoginSettings,
  surroundings: CredentialSurroundings,
): Promise<Login> {
  const { clock, log } = surroundings;
  const token = cachedUntilExpiry(clock, () => googleToken(surroundings));
  const credentials = async (fresh?: boolean): Promise<BasicCredentials | undefined> => {
    try {
      return { username, password: (await token(fresh)).token };
    } catch (error) {
      const hint = errorHint(error);
      log.error(`cannot authenticate with Google Cloud (google_auth): ${errorText(error)}`);
      log.warn(`the registry is asked anonymously${hint === undefined ? '' : `; to log in: ${hint}`}`);
      return undefined;
    }
  };
  log.warn('no username and password: the default credentials of Google Cloud are used (google_auth)');
  const first = await credentials();
  return {
    repository,
    credentials: {
      name: 'Google Cloud (google_auth)',
      // Not tried again after a failure: each attempt takes seconds, and would log the same error.
      credentials: first === undefined ? async () => undefined : credentials,
    },
  };
}
