// Chooses the log-in method for a repository: the order of precedence of all methods.
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

/** With ECR configured too, ECR logs in first, and ACR for the repository that it names, as in upstream. */
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

/** The username and password of the source; an anonymous session without them. */
const staticMethod: LoginMethod = {
  applies: isStatic,
  open: async (settings) => ({ repository: settings.repository, credentials: staticCredentials(settings) }),
};

/**
 * The first method that applies is used; the session is anonymous when none does. ECR and ACR precede a username and
 * password, as in upstream; the others are used only without them.
 */
const inOrder: readonly LoginMethod[] = [
  acrMethod,
  ecrMethod,
  staticMethod,
  googleMethod,
  dockerConfigMethod,
];

/** Logs in by the method that the settings select. Throws a UserError of that method. */
export async function resolveLogin(
  settings: LoginSettings,
  surroundings: CredentialSurroundings,
): Promise<Login> {
  const method = inOrder.find(({ applies }) => applies(settings)) ?? staticMethod;
  return await method.open(settings, surroundings);
}
