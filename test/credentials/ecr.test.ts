// The password of ECR is renewed before it, or the keys of its role, expire.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ecrLogin } from '../../src/credentials/ecr.ts';
import type { LoginSettings } from '../../src/credentials/login.ts';
import { errorText } from '../../src/errors.ts';
import { decodeCheckRequest } from '../../src/request/request.ts';
import { classifyFailure } from '../../src/transport/failure.ts';
import { createTrustRoots } from '../../src/transport/trust-roots.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { jsonReply } from '../support/reply.ts';
import { recordedLog, testClient } from '../support/test-session.ts';

const hour = 3_600_000;
const files = { read: () => undefined, list: () => [] };

/** AWS on one port: keys of STS are valid for 15 minutes, numbered passwords of ECR for 12 hours. */
function startAmazon(clock: FakeClock, isBusy: () => boolean): Promise<RecordingServer> {
  let count = 0;
  return startRecordingServer({
    answer: ({ headers }) => {
      if (isBusy()) {
        return jsonReply(503, { __type: 'ServerException' });
      }
      if (headers['x-amz-target'] === undefined) {
        const expiration = new Date(clock.now() + 900_000).toISOString();
        const keys = `<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken><Expiration>${expiration}</Expiration>`;
        const result = `<AssumeRoleResult><Credentials>${keys}</Credentials></AssumeRoleResult>`;
        const body = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</AssumeRoleResponse>`;
        return { status: 200, body, headers: { 'content-type': 'text/xml' } };
      }
      count += 1;
      const authorizationToken = Buffer.from(`AWS:password-${count}`).toString('base64');
      const proxyEndpoint = 'https://1.dkr.ecr.eu-central-1.amazonaws.com';
      const expiresAt = (clock.now() + 12 * hour) / 1000;
      return jsonReply(200, { authorizationData: [{ authorizationToken, proxyEndpoint, expiresAt }] });
    },
  });
}

const keys = { aws_access_key_id: 'AKIA', aws_secret_access_key: 'given-secret' };

function settings(source: object): LoginSettings {
  const whole = { repository: 'team/app', aws_region: 'eu-central-1', ...keys, ...source };
  return decodeCheckRequest(JSON.stringify({ source: whole })).source;
}

async function login(source: object, isBusy = () => false) {
  const clock = createFakeClock();
  const server = await startAmazon(clock, isBusy);
  vi.stubEnv('AWS_ENDPOINT_URL', server.url);
  const secrets: string[] = [];
  const surroundings = {
    environment: {},
    clock,
    log: recordedLog(clock),
    client: testClient(),
    trustRoots: createTrustRoots({ environment: {}, caCerts: [], files }),
    addSecret: (secret: string) => secrets.push(secret),
  };
  const { repository, credentials } = await ecrLogin(settings(source), surroundings);
  const password = async () => (await credentials.credentials())?.password;
  return { server, clock, repository, secrets, password };
}

beforeEach(() => {
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a password of ECR', () => {
  it('is kept for twelve hours', async () => {
    const { server, clock, password, repository } = await login({});
    await using _server = server;
    expect(repository).toBe('1.dkr.ecr.eu-central-1.amazonaws.com/team/app');
    clock.advance(11 * hour);
    expect(await password()).toBe('password-1');
    clock.advance(hour);
    expect(await password()).toBe('password-2');
    expect(server.journal.requests).toHaveLength(2);
  });

  it('is kept only as long as the keys of its role, which is then assumed again', async () => {
    const { server, clock, password, secrets } = await login({ aws_role_arn: 'arn:aws:iam::2:role/r' });
    await using _server = server;
    clock.advance(12 * 60_000);
    expect(await password()).toBe('password-1');
    clock.advance(60_000);
    expect(await password()).toBe('password-2');
    const kinds = server.journal.requests.map(({ headers }) => headers['x-amz-target'] ?? 'STS');
    const ecr = 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken';
    expect(kinds).toEqual(['STS', ecr, 'STS', ecr]);
    expect(secrets).toEqual(
      expect.arrayContaining(['role-secret', 'role-token', 'password-1', 'password-2']),
    );
  });

  it.each([
    ['the password', {}],
    ['the keys of a role', { aws_role_arn: 'arn:aws:iam::2:role/r' }],
  ])('is renewed by one request for %s, which the exchange that needs it repeats', async (_, source) => {
    let isBusy = false;
    const { server, clock, password } = await login(source, () => isBusy);
    await using _server = server;
    clock.advance(12 * hour);
    const before = server.journal.requests.length;
    isBusy = true;
    const error = await password().catch((caught: unknown) => caught);
    expect(errorText(error)).toContain('cannot authenticate with ECR');
    expect(server.journal.requests.length - before).toBe(1);
    expect(classifyFailure(error, clock.now()).outcome.kind).toBe('stall');
    isBusy = false;
    expect(await password()).toBe('password-2');
  });

  it('is requested up to three times at first, when no exchange repeats it', async () => {
    let left = 2;
    const { server, password } = await login({}, () => left-- > 0);
    await using _server = server;
    expect(await password()).toBe('password-1');
    expect(server.journal.requests).toHaveLength(3);
  });
});
