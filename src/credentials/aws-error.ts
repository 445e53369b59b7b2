// Errors of AWS for users: code, message and a hint. Pure.
import { UserError } from '../errors.ts';

/** The request that failed, which decides about the permission that may be missing. */
export type AwsRequest = 'keys' | 'role' | 'token';

const permissions: Readonly<Record<AwsRequest, string>> = {
  keys: 'check which role {here} may use: its environment, its service account or its instance profile',
  role: 'the policy of the keys must allow sts:AssumeRole on that role, and the trust policy of the role must name their owner',
  token:
    'allow ecr:GetAuthorizationToken (for public.ecr.aws also ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken)',
};

const wrongClock = 'set the clock of {here} right: AWS refuses requests that are minutes off';
const wrongKeys =
  'check aws_access_key_id and aws_secret_access_key, or the AWS_… variables of {here}; temporary keys need aws_session_token too';

/** Error code of STS, ECR or the SDK → hint. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/^(RequestExpired|RequestTimeTooSkewed|RequestInTheFuture)/, wrongClock],
  [/^ExpiredToken/, 'the temporary keys have expired: get new ones, or use keys or a role that last'],
  [
    /^(UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|AuthFailure|MissingAuthenticationToken)/,
    wrongKeys,
  ],
  [/^(InvalidSignature|SignatureDoesNotMatch|IncompleteSignature)/, wrongKeys],
  [/^RegionDisabled/, 'activate STS for aws_region in the account, or use another region'],
  [/^ValidationError/, 'check the ARN: arn:aws:iam::ACCOUNT:role/NAME'],
  [/^(Throttling|TooManyRequests|RequestLimitExceeded)/, 'AWS limits the rate of requests: check less often'],
  [
    /^CredentialsProviderError/,
    'set aws_access_key_id and aws_secret_access_key, or give {here} an identity: AWS_… variables, ~/.aws, a service account or an instance profile',
  ],
];

/** The error of a request to AWS as a UserError: its code, the first line of its message, and a hint. */
export function awsError(error: unknown, request: AwsRequest): UserError {
  if (error instanceof UserError) {
    return error;
  }
  if (!(error instanceof Error)) {
    return new UserError(String(error));
  }
  if (error instanceof SyntaxError) {
    return new UserError('the response is not one of AWS', {
      hint: 'check AWS_ENDPOINT_URL and the proxy of {here}: another server responds there',
    });
  }
  const [line = ''] = error.message.split('\n');
  const parts = error.name === 'Error' ? [line] : [error.name, line];
  return new UserError(parts.filter((part) => part !== '').join(': '), {
    hint: hintFor(error, request),
    ...(isBusy(error) ? { code: 'CLOUD_BUSY' } : {}),
  });
}

/** Whether the SDK would send the request again: AWS limits the rate, or has a problem of its own. */
function isBusy(error: Error & { $metadata?: { httpStatusCode?: number } }): boolean {
  const { httpStatusCode: status = 0 } = error.$metadata ?? {};
  return (
    status >= 500 || status === 429 || /^(Throttling|TooManyRequests|RequestLimitExceeded)/.test(error.name)
  );
}

function hintFor({ name, message }: Error, request: AwsRequest): string | undefined {
  // An expired signature has the same code as a wrong one.
  if (/^(InvalidSignature|SignatureDoesNotMatch)/.test(name) && /expired|not yet current/i.test(message)) {
    return wrongClock;
  }
  const [, known] = hints.find(([code]) => code.test(name)) ?? [];
  return known ?? (/^AccessDenied/.test(name) || request === 'keys' ? permissions[request] : undefined);
}
