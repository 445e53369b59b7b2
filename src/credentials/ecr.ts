// The log-in to Amazon ECR and ECR Public: a password for twelve hours, and the full name of the repository.
import { UserError } from '../errors.ts';
import { awsError } from './aws-error.ts';
import { awsRequestHandler } from './aws-http.ts';
import { type AwsKeys, type AwsSurroundings, awsIdentity } from './aws-identity.ts';
import type { CredentialSurroundings } from './credential-source.ts';
import {
  type AuthorizationData,
  type EcrPassword,
  endpointHost,
  passwordOf,
  registryHost,
  repositoryOn,
} from './ecr-authorization.ts';
import { cachedUntilExpiry } from './expiring-cache.ts';
import type { AwsSettings, Login, LoginSettings } from './login.ts';

const name = 'Amazon ECR (aws_region)';
const publicRegistry = 'public.ecr.aws';
/** The region in which ECR Public issues tokens. It has one registry for all regions. */
const publicRegion = 'us-east-1';

/** How often a request of the first log-in is sent. Those of a renewal are part of an exchange, which tries again itself. */
const firstAttempts = 3;

/** A password, and the response that names a private registry. */
interface Authorization extends EcrPassword {
  readonly data: readonly AuthorizationData[];
}

/**
 * Logs in to a private registry of ECR, whose repositories are configured without their host, or to ECR Public when the
 * repository begins with `public.ecr.aws/`. The password is renewed before it or the keys of the role expire. Every
 * failure is a UserError "cannot authenticate with ECR".
 */
export async function ecrLogin(
  settings: LoginSettings,
  surroundings: CredentialSurroundings,
): Promise<Login> {
  const isPublic = settings.repository.startsWith(`${publicRegistry}/`);
  const ask = isPublic ? askPublic : askPrivate;
  let maxAttempts = firstAttempts;
  const authorization = cachedUntilExpiry(surroundings.clock, async () => {
    try {
      const { data, ...password } = await authorize(settings, { ...surroundings, maxAttempts }, ask);
      return { ...password, repository: isPublic ? settings.repository : privateName(settings, data) };
    } catch (cause) {
      throw new UserError('cannot authenticate with ECR', { cause });
    }
  });
  const { repository } = await authorization();
  maxAttempts = 1;
  return {
    repository,
    credentials: {
      name,
      credentials: async (fresh) => ({ username: 'AWS', password: (await authorization(fresh)).password }),
    },
  };
}

type AskEcr = (
  region: string,
  credentials: AwsKeys,
  surroundings: AwsSurroundings,
) => Promise<readonly AuthorizationData[]>;

async function authorize(
  settings: AwsSettings,
  surroundings: AwsSurroundings,
  ask: AskEcr,
): Promise<Authorization> {
  const keys = await awsIdentity(settings, surroundings);
  const data = await ask(settings.awsRegion, keys, surroundings).catch((error: unknown) => {
    throw new UserError('asking for an authorization token', { cause: awsError(error, 'token') });
  });
  const { password, expires } = passwordOf(data);
  surroundings.addSecret(password);
  // A password is valid only as long as the temporary keys that requested it.
  const ends = [expires, keys.expiration?.getTime()].filter((end) => end !== undefined);
  return { password, expires: ends.length > 0 ? Math.min(...ends) : undefined, data };
}

const askPrivate: AskEcr = async (region, credentials, { client, maxAttempts }) => {
  const { ECRClient, GetAuthorizationTokenCommand } = await import('./aws-sdk.ts');
  const ecr = new ECRClient({ region, credentials, requestHandler: awsRequestHandler(client), maxAttempts });
  const { authorizationData = [] } = await ecr.send(new GetAuthorizationTokenCommand({}));
  return authorizationData;
};

const askPublic: AskEcr = async (_region, credentials, { client, maxAttempts }) => {
  const { ECRPUBLICClient, GetPublicAuthorizationTokenCommand } = await import('./aws-sdk.ts');
  const requestHandler = awsRequestHandler(client);
  const ecr = new ECRPUBLICClient({ region: publicRegion, credentials, requestHandler, maxAttempts });
  const { authorizationData } = await ecr.send(new GetPublicAuthorizationTokenCommand({}));
  return authorizationData ? [authorizationData] : [];
};

function privateName(
  { awsAccountId, awsRegion, repository }: LoginSettings,
  data: readonly AuthorizationData[],
): string {
  const host = awsAccountId === '' ? endpointHost(data) : registryHost(awsAccountId, awsRegion);
  return repositoryOn(host, repository);
}
