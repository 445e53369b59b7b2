// The settings of a log-in in which nothing is set.
import type { LoginSettings } from '../../src/credentials/login.ts';

/** Nothing but defaults. */
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
