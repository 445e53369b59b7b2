// Which source of credentials a registry's log-in uses: the order of precedence, in one place.
import type { CredentialSurroundings } from './credential-source.ts';
import { dockerConfigWay } from './docker-login.ts';
import { ecrLogin } from './ecr.ts';
import type { Login, LoginSettings, LoginWay } from './login.ts';
import { isStatic, staticCredentials } from './static.ts';

const ecrWay: LoginWay = {
  applies: ({ awsRegion }) => awsRegion !== '',
  open: ecrLogin,
};

/** The username and password of the source; without them nobody's, so that the session is anonymous. */
const staticWay: LoginWay = {
  applies: isStatic,
  open: async (settings) => ({ repository: settings.repository, credentials: staticCredentials(settings) }),
};

/**
 * The first that applies is the one, and the session is anonymous when none does. Who switched a cloud on gets its
 * log-in even beside a username and password, as upstream does; the rest only stands in for these.
 */
const inOrder: readonly LoginWay[] = [ecrWay, staticWay, dockerConfigWay];

/** The log-in that the settings ask for. Fails with a UserError of the source that was chosen. */
export async function resolveLogin(
  settings: LoginSettings,
  surroundings: CredentialSurroundings,
): Promise<Login> {
  const way = inOrder.find(({ applies }) => applies(settings)) ?? staticWay;
  return await way.open(settings, surroundings);
}
