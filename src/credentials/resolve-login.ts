// Which source of credentials a registry's log-in uses: the order of precedence, in one place.
import { acrLogin } from './acr.ts';
import type { CredentialSurroundings } from './credential-source.ts';
import { isStatic, staticCredentials } from './credential-source.ts';
import { dockerConfigMethod } from './docker-login.ts';
import { ecrLogin } from './ecr.ts';
import { googleLogin } from './google.ts';
import type { Login, LoginMethod, LoginSettings } from './login.ts';

const ecrMethod: LoginMethod = {
  applies: ({ awsRegion }) => awsRegion !== '',
  open: ecrLogin,
};

/** Beside ECR, whose log-in comes first, for the repository that it names; as upstream does. */
const acrMethod: LoginMethod = {
  applies: ({ azureAcr }) => azureAcr,
  async open(settings, surroundings) {
    const { repository } = ecrMethod.applies(settings)
      ? await ecrMethod.open(settings, surroundings)
      : settings;
    return await acrLogin({ ...settings, repository }, surroundings);
  },
};

const googleMethod: LoginMethod = {
  applies: ({ googleAuth }) => googleAuth,
  open: googleLogin,
};

/** The username and password of the source; without them nobody's, so that the session is anonymous. */
const staticMethod: LoginMethod = {
  applies: isStatic,
  open: async (settings) => ({ repository: settings.repository, credentials: staticCredentials(settings) }),
};

/**
 * The first that applies is the one, and the session is anonymous when none does. Who switched ECR or ACR on
 * gets its log-in even beside a username and password, as upstream does; the rest only stands in for these.
 */
const inOrder: readonly LoginMethod[] = [
  acrMethod,
  ecrMethod,
  staticMethod,
  googleMethod,
  dockerConfigMethod,
];

/** The log-in that the settings ask for. Fails with a UserError of the source that was chosen. */
export async function resolveLogin(
  settings: LoginSettings,
  surroundings: CredentialSurroundings,
): Promise<Login> {
  const way = inOrder.find(({ applies }) => applies(settings)) ?? staticMethod;
  return await way.open(settings, surroundings);
}
