// The default log-in settings, in which nothing is set.
import type { LoginSettings } from '../../src/credentials/login.ts';

/** Log-in settings with every value at its default. */
export const loginSettings: LoginSettings = {
  repository: '',
  insecure: false,
  username: '',
  password: '',
  awsRegion: '',
  awsAccessKeyId: '',
  awsSecretAccessKey: '',
  awsSessionToken: '',
  awsRoles: [],
  awsAccountId: '',
  azureAcr: false,
  azureClientId: '',
  azureTenantId: '',
  azureEnvironment: '',
  googleAuth: false,
  dockerConfig: '',
};
