// Errors of AWS: the code, one line of the message, and a hint.
import { describe, expect, it } from 'vitest';
import { type AwsRequest, awsError } from '../../src/credentials/aws-error.ts';
import { UserError } from '../../src/errors.ts';
import { hintFor } from '../../src/process/hints.ts';

const named = (name: string, message: string) => Object.assign(new Error(message), { name });

describe('the hint of awsError', () => {
  it.each<[string, AwsRequest, string, RegExp]>([
    ['AccessDenied', 'role', 'not authorized', /sts:AssumeRole/],
    ['AccessDeniedException', 'token', 'not authorized', /ecr:GetAuthorizationToken/],
    [
      'AccessDenied',
      'keys',
      'not authorized to perform sts:AssumeRoleWithWebIdentity',
      /which role the worker may use/,
    ],
    ['InvalidClientTokenId', 'role', 'The security token is invalid', /check aws_access_key_id/],
    ['UnrecognizedClientException', 'token', 'The security token is invalid', /check aws_access_key_id/],
    ['SignatureDoesNotMatch', 'role', 'The request signature does not match', /check aws_access_key_id/],
    [
      'SignatureDoesNotMatch',
      'role',
      'Signature expired: 2020 is now earlier than 2026',
      /clock of the worker/,
    ],
    ['InvalidSignatureException', 'token', 'Signature not yet current: 2030 is later', /clock of the worker/],
    ['RequestExpired', 'role', 'Request has expired', /clock of the worker/],
    ['ExpiredToken', 'role', 'The security token has expired', /get new ones/],
    ['ExpiredTokenException', 'token', 'The security token has expired', /get new ones/],
    ['RegionDisabledException', 'role', 'STS is not activated', /activate STS/],
    ['ValidationError', 'role', 'role is invalid', /check the ARN/],
    ['ThrottlingException', 'token', 'Rate exceeded', /check less often/],
    ['CredentialsProviderError', 'keys', 'Could not load credentials from any providers', /AWS_… variables/],
  ])('helps with %s in a request for a %s: %s', (name, request, message, hint) => {
    const failure = awsError(named(name, message), request);
    expect(failure.message).toBe(`${name}: ${message}`);
    expect(hintFor(failure)).toMatch(hint);
  });
});

describe('awsError', () => {
  it('keeps only the first line of a message, because a canonical request has the session token in it', () => {
    const failure = awsError(
      named('SignatureDoesNotMatch', 'They differ.\n\nx-amz-security-token:leak'),
      'role',
    );
    expect(failure.message).toBe('SignatureDoesNotMatch: They differ.');
    expect(failure.cause).toBeUndefined();
  });

  it('names the places of credentials in the hint about a file of the worker', () => {
    const failure = awsError(new Error("ENOENT: no such file or directory, open '/token'"), 'keys');
    expect(failure.message).toBe("ENOENT: no such file or directory, open '/token'");
    expect(hintFor(failure)).toMatch(/its environment, its service account/);
  });

  it('reports a malformed response as one of another server', () => {
    const failure = awsError(new SyntaxError('Unexpected token <, "<leak>" is not valid JSON'), 'token');
    expect(failure.message).toBe('the response is not one of AWS');
    expect(hintFor(failure)).toMatch(/AWS_ENDPOINT_URL/);
  });

  it('returns an error of the network unchanged, and an unknown one with its code', () => {
    const network = new UserError('POST https://sts.example/: no connection');
    expect(awsError(network, 'role')).toBe(network);
    expect(awsError(named('ServerException', ''), 'token')).toMatchObject({
      message: 'ServerException',
      hint: undefined,
    });
  });
});
