// The AWS keys to sign requests with: those of the source or of the worker, exchanged for those of assumed roles.
import { UserError } from '../errors.ts';
import { awsError } from './aws-error.ts';
import { awsRequestHandler } from './aws-http.ts';
import type { CredentialSurroundings } from './credential-source.ts';
import type { AwsSettings } from './login.ts';

/** Keys for signing requests to AWS. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** What requests to AWS use of their surroundings. */
export interface AwsSurroundings extends CredentialSurroundings {
  /** How often the SDK sends a request that fails for a moment: once where the caller tries again, whose time counts. */
  readonly maxAttempts: number;
}

/** How long an assumed role lasts, in seconds: the shortest that STS grants. */
const roleDuration = 900;

/**
 * The keys for requests to ECR: those of the source when it has an id and a secret, otherwise the first that the SDK
 * finds on the worker (environment, shared files, web identity, container, instance metadata); then exchanged for those
 * of each role in turn. An absent metadata server takes 2 seconds. Every failure is a UserError.
 */
export async function awsIdentity(settings: AwsSettings, surroundings: AwsSurroundings): Promise<AwsKeys> {
  const region = settings.awsRegion;
  let keys = keysOfSource(settings) ?? (await keysOfWorker(region, surroundings));
  for (const role of settings.awsRoles) {
    keys = await assumeRole(role, keys, region, surroundings);
  }
  return keys;
}

function keysOfSource({
  awsAccessKeyId,
  awsSecretAccessKey,
  awsSessionToken,
}: AwsSettings): AwsKeys | undefined {
  if (awsAccessKeyId === '' || awsSecretAccessKey === '') {
    return undefined;
  }
  const keys = { accessKeyId: awsAccessKeyId, secretAccessKey: awsSecretAccessKey };
  return awsSessionToken === '' ? keys : { ...keys, sessionToken: awsSessionToken };
}

async function keysOfWorker(region: string, surroundings: AwsSurroundings): Promise<AwsKeys> {
  const { STSClient } = await import('./aws-sdk.ts');
  const client = new STSClient({ region, requestHandler: awsRequestHandler(surroundings.client) });
  try {
    const keys = await client.config.credentials();
    keepKeys(keys, surroundings);
    return keys;
  } catch (error) {
    throw new UserError('looking for AWS credentials on the worker', { cause: awsError(error, 'keys') });
  }
}

async function assumeRole(
  role: string,
  keys: AwsKeys,
  region: string,
  surroundings: AwsSurroundings,
): Promise<AwsKeys> {
  const { STSClient, AssumeRoleCommand } = await import('./aws-sdk.ts');
  const requestHandler = awsRequestHandler(surroundings.client);
  const client = new STSClient({
    region,
    requestHandler,
    credentials: keys,
    maxAttempts: surroundings.maxAttempts,
  });
  try {
    const { Credentials: issued } = await client.send(
      new AssumeRoleCommand({
        RoleArn: role,
        RoleSessionName: `registry-image-resource-${surroundings.clock.now()}`,
        DurationSeconds: roleDuration,
      }),
    );
    if (!issued?.AccessKeyId || !issued.SecretAccessKey || !issued.SessionToken) {
      throw new UserError('the response of STS has no keys');
    }
    const assumed = {
      accessKeyId: issued.AccessKeyId,
      secretAccessKey: issued.SecretAccessKey,
      sessionToken: issued.SessionToken,
      ...(issued.Expiration ? { expiration: issued.Expiration } : {}),
    };
    keepKeys(assumed, surroundings);
    return assumed;
  } catch (error) {
    throw new UserError(`assuming the role ${role}`, { cause: awsError(error, 'role') });
  }
}

function keepKeys({ secretAccessKey, sessionToken }: AwsKeys, { addSecret }: CredentialSurroundings): void {
  addSecret(secretAccessKey);
  if (sessionToken !== undefined) {
    addSecret(sessionToken);
  }
}
