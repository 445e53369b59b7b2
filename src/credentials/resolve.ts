// Which source of credentials a registry's log-in uses: the order of precedence, in one place.
import type { CredentialSurroundings } from './credential-source.ts';
import type { Login, LoginSettings, LoginWay } from './login.ts';
import { staticCredentials } from './static.ts';

/** The first that applies is the one; the user name and password of the source, or nobody's, come after all. */
const beforeStatic: readonly LoginWay[] = [];

/** The log-in that the settings ask for. Fails with a UserError of the source that was chosen. */
export async function resolveLogin(
  settings: LoginSettings,
  surroundings: CredentialSurroundings,
): Promise<Login> {
  const way = beforeStatic.find(({ applies }) => applies(settings));
  return way
    ? await way.open(settings, surroundings)
    : { repository: settings.repository, credentials: staticCredentials(settings) };
}
