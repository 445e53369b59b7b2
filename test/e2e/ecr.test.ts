// Log-in to Amazon ECR with the executables: moto acts as ECR and STS, and a proxy leads to the registries.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverKeys } from '../support/certificates.ts';
import { describeServices } from '../support/describe-services.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import { type Moto, motoAccount, motoPassword, startMoto } from '../support/moto.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { jsonReply } from '../support/reply.ts';
import { type ExecutableName, runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTunnelProxy, type TunnelProxy } from '../support/tunnel-proxy.ts';

const region = 'eu-central-1';
const keys = { aws_access_key_id: 'AKIAEXAMPLE', aws_secret_access_key: 'leak-secret-key' };
const otherAccount = '222222222222';
const role = `arn:aws:iam::${otherAccount}:role/puller`;
const image = await buildImage();

function hostOf(account: string): string {
  return `${account}.dkr.ecr.${region}.amazonaws.com`;
}

interface Setting {
  readonly registry: TestRegistry;
  readonly proxy: TunnelProxy;
  readonly environment: Record<string, string>;
}

/** Starts a registry that accepts the password of an account, and a proxy that leads to it. */
async function behindProxy(endpoint: string, password: string, use: (setting: Setting) => Promise<void>) {
  await using registry = await startRegistry({
    tls: serverKeys.amazon,
    auth: { kind: 'basic', user: 'AWS', password },
  });
  await using proxy = await startTunnelProxy(registry.port);
  const environment = {
    TEST: 'true',
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    HTTPS_PROXY: proxy.url,
  };
  await use({ registry, proxy, environment });
}

async function run(
  command: ExecutableName,
  source: object,
  environment: Record<string, string>,
  more: { directory?: string; params?: object; version?: object } = {},
) {
  const { directory, ...others } = more;
  const shared = { repository: 'team/app', tag: 'latest', ca_certs: [serverKeys.amazon.cert] };
  const result = await runExecutable(command, {
    request: { source: { ...shared, aws_region: region, ...source }, ...others },
    environment,
    ...(directory === undefined ? {} : { directory }),
  });
  for (const secret of ['leak-', 'auth-token']) {
    expect(result.stderr + result.stdout).not.toContain(secret);
  }
  return result;
}

describeServices(['moto_server'], 'a private ECR registry', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto[Symbol.asyncDispose]());

  it('pushes to, checks and pulls from a private ECR registry by its full name', async () => {
    await behindProxy(moto.url, motoPassword(motoAccount), async ({ registry, proxy, environment }) => {
      const name = `${hostOf(motoAccount)}/team/app`;
      const sources = await temporaryDirectory();
      await writeFile(join(sources, 'image.tar'), await dockerArchive(image));
      const params = { image: 'image.tar' };
      const pushed = await run('out', keys, environment, { directory: sources, params });
      expect(pushed.stderr).toContain('pushed');
      expect(JSON.parse(pushed.stdout).metadata).toContainEqual({ name: 'repository', value: name });
      expect(registry.tags('team/app')).toEqual(['latest']);
      const checked = await run('check', keys, environment);
      const [version] = JSON.parse(checked.stdout);
      const destination = await temporaryDirectory();
      const got = await run('in', keys, environment, { directory: destination, version });
      expect(got.stderr).toContain(name);
      expect(await readFile(join(destination, 'repository'), 'utf8')).toBe(name);
      expect(new Set(proxy.targets)).toEqual(new Set([`${hostOf(motoAccount)}:443`]));
    });
  });

  it.each<[string, object, string, string]>([
    ['a role in another account', { aws_role_arn: role }, otherAccount, otherAccount],
    [
      'a chain of roles',
      { aws_role_arns: [`arn:aws:iam::333333333333:role/first`, role] },
      otherAccount,
      otherAccount,
    ],
    ['another account by aws_account_id', { aws_account_id: '444444444444' }, '444444444444', motoAccount],
    [
      'the full name of the repository',
      { repository: `${hostOf(motoAccount)}/team/app` },
      motoAccount,
      motoAccount,
    ],
    [
      'a mirror of Docker Hub, which is not used',
      { registry_mirror: { host: '127.0.0.1:9' } },
      motoAccount,
      motoAccount,
    ],
  ])('checks a private ECR registry with %s', async (_name, source, account, owner) => {
    await behindProxy(moto.url, motoPassword(owner), async ({ registry, proxy, environment }) => {
      seed(registry, 'team/app', 'latest', image);
      const { stdout, stderr } = await run('check', { ...keys, ...source }, environment);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toHaveLength(1);
      expect(proxy.targets).toEqual([`${hostOf(account)}:443`]);
    });
  });

  it.each<[string, (folder: string) => Promise<Record<string, string>>]>([
    [
      'the environment',
      async () => ({ AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'leak-environment' }),
    ],
    [
      'the shared files',
      async (folder) => {
        await mkdir(join(folder, '.aws'));
        const text = '[work]\naws_access_key_id = AKIA\naws_secret_access_key = leak-file\n';
        await writeFile(join(folder, '.aws', 'credentials'), text);
        return { HOME: folder, AWS_PROFILE: 'work' };
      },
    ],
    [
      'a web identity',
      async (folder) => {
        const file = join(folder, 'token');
        await writeFile(file, 'leak-web-identity-token');
        const ARN = `arn:aws:iam::${motoAccount}:role/web`;
        return { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: ARN };
      },
    ],
    [
      'the metadata of the instance',
      async () => ({ AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: moto.url }),
    ],
  ])('logs in to a private ECR registry with credentials from %s', async (_name, prepare) => {
    const folder = await temporaryDirectory();
    await behindProxy(moto.url, motoPassword(motoAccount), async ({ registry, environment }) => {
      seed(registry, 'team/app', 'latest', image);
      const { stdout, stderr } = await run('check', {}, { ...environment, ...(await prepare(folder)) });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toHaveLength(1);
    });
  });

  it('logs in to a private ECR registry with the credentials of a container', async () => {
    await using agent = await startRecordingServer({
      answer: () =>
        jsonReply(200, {
          AccessKeyId: 'ASIA',
          SecretAccessKey: 'leak-container',
          Token: 'leak-container-token',
          Expiration: '2100-01-01T00:00:00Z',
        }),
    });
    await behindProxy(moto.url, motoPassword(motoAccount), async ({ registry, environment }) => {
      seed(registry, 'team/app', 'latest', image);
      const container = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/keys`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'leak-agent-token',
      };
      const { stdout } = await run('check', {}, { ...environment, ...container });
      expect(JSON.parse(stdout)).toHaveLength(1);
      expect(agent.journal.requests[0]?.headers.authorization).toBe('leak-agent-token');
    });
  });
});

describeServices(['moto_server'], 'an ECR log-in that STS refuses', () => {
  let moto: Moto;
  let user: { aws_access_key_id: string; aws_secret_access_key: string };
  beforeAll(async () => {
    // Two requests are not checked: they create a user without permissions.
    moto = await startMoto({ freeRequests: 2 });
    await askIam(moto, 'CreateUser', 'UserName=nobody');
    const made = await askIam(moto, 'CreateAccessKey', 'UserName=nobody');
    const [, aws_access_key_id = ''] = /<AccessKeyId>(.*?)</.exec(made) ?? [];
    const [, aws_secret_access_key = ''] = /<SecretAccessKey>(.*?)</.exec(made) ?? [];
    user = { aws_access_key_id, aws_secret_access_key };
  });
  afterAll(() => moto[Symbol.asyncDispose]());

  it.each<[string, () => object, string, RegExp]>([
    ['unknown keys', () => keys, 'InvalidClientTokenId: ', /check aws_access_key_id/],
    [
      'a wrong secret',
      () => ({ ...user, aws_secret_access_key: 'leak-wrong-secret' }),
      'SignatureDoesNotMatch: ',
      /check aws_access_key_id/,
    ],
    ['a user who may not assume the role', () => user, 'AccessDenied: User: arn:aws:iam::', /sts:AssumeRole/],
  ])('explains a refusal of STS for %s', async (_name, source, reason, hint) => {
    const environment = { TEST: 'true', AWS_ENDPOINT_URL: moto.url };
    const { status, stdout, stderr } = await run('check', { ...source(), aws_role_arn: role }, environment);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`cannot authenticate with ECR: assuming the role ${role}: ${reason}`);
    expect(hintOf(stderr)).toMatch(hint);
    expect(stderr).not.toContain(user.aws_secret_access_key);
  });
});

describe('an ECR log-in that ECR refuses', () => {
  it.each<[string, string, RegExp]>([
    ['UnrecognizedClientException', 'The security token is invalid.', /check aws_access_key_id/],
    ['AccessDeniedException', 'User is not authorized to perform this.', /ecr:GetAuthorizationToken/],
    ['ExpiredTokenException', 'The security token has expired', /get new ones/],
    [
      'InvalidSignatureException',
      'Signature expired: 20200101T000000Z is now earlier than 20260101T000000Z',
      /clock of the worker/,
    ],
  ])('explains a refusal of ECR: %s', async (code, message, hint) => {
    await using api = await startRecordingServer({
      answer: () => jsonReply(400, { __type: code, message }, { date: new Date().toUTCString() }),
    });
    const { status, stderr } = await run('check', keys, { TEST: 'true', AWS_ENDPOINT_URL: api.url });
    expect(status).toBe(1);
    expect(stderr).toContain(
      `cannot authenticate with ECR: asking for an authorization token: ${code}: ${message}`,
    );
    expect(hintOf(stderr)).toMatch(hint);
  });

  it.each<[string, string, string]>([
    [
      'a response without an authorization',
      '{"authorizationData":[]}',
      'the response of GetAuthorizationToken has no authorization',
    ],
    ['a response that is not from AWS', '<html>', 'the response is not one of AWS'],
  ])('explains %s of ECR', async (_name, body, message) => {
    await using api = await startRecordingServer({ answer: () => ({ status: 200, body }) });
    const { status, stderr } = await run('check', keys, { TEST: 'true', AWS_ENDPOINT_URL: api.url });
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`cannot authenticate with ECR: .*${message}`));
  });

  it('refuses aws_role_arn together with aws_role_arns before any request', async () => {
    await using api = await startRecordingServer({ answer: () => jsonReply(200, {}) });
    const source = { ...keys, aws_role_arn: role, aws_role_arns: [role] };
    const { status, stderr } = await run('check', source, { TEST: 'true', AWS_ENDPOINT_URL: api.url });
    expect(status).toBe(1);
    expect(stderr).toContain('cannot authenticate with ECR: aws_role_arn and aws_role_arns are both set');
    expect(api.journal.requests).toEqual([]);
  });
});

function hintOf(stderr: string): string {
  return stderr.split('\n').find((line) => line.startsWith('hint: ')) ?? '';
}

/** Sends a request to moto's IAM, which does not check its first requests. */
async function askIam(moto: Moto, action: string, parameters: string): Promise<string> {
  const credential = 'AKIAEXAMPLE/20260101/us-east-1/iam/aws4_request';
  const response = await fetch(moto.url, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=00`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: `Action=${action}&Version=2010-05-08&${parameters}`,
  });
  return await response.text();
}

describe('an ECR log-in without credentials', () => {
  const nothing = { TEST: 'true', HOME: '/nonexistent' };

  it('explains what to set if there are no credentials and the instance metadata is disabled', async () => {
    const { status, stderr } = await run('check', {}, { ...nothing, AWS_EC2_METADATA_DISABLED: 'true' });
    expect(status).toBe(1);
    expect(stderr).toContain('cannot authenticate with ECR: looking for AWS credentials on the worker: ');
    expect(stderr).toMatch(/hint: set aws_access_key_id and aws_secret_access_key, or give the worker/);
  });

  it('stops waiting for a metadata server that never responds', async () => {
    await using server = await startRecordingServer({ answer: () => new Promise(() => {}) });
    const { status, stderr } = await run(
      'check',
      {},
      { ...nothing, AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url },
    );
    expect(status).toBe(1);
    expect(stderr).toContain('cannot authenticate with ECR: looking for AWS credentials on the worker: ');
    expect(server.journal.requests.length).toBeGreaterThan(0);
  });

  it('stops looking for a metadata server that does not exist', async () => {
    await using silence = await startSilence();
    const environment = { ...nothing, AWS_EC2_METADATA_SERVICE_ENDPOINT: silence.url };
    const { status, stderr } = await run('check', {}, environment);
    expect(status).toBe(1);
    expect(stderr).toContain('CredentialsProviderError: Could not load credentials from any providers');
  });
});

/** A port of 127.0.0.1 that neither accepts nor refuses a connection, like an unused address. */
async function startSilence(): Promise<AsyncDisposable & { readonly url: string }> {
  const listen = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, server.address().port + '\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  const orphaned = () => child.kill('SIGKILL');
  process.once('exit', orphaned);
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  // The kernel's backlog is full with two connections: another one gets no response at all.
  const waiting = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all(waiting.map((socket) => once(socket, 'connect')));
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) {
        socket.on('error', () => {}).destroy();
      }
      process.removeListener('exit', orphaned);
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('ECR Public', () => {
  it('logs in to ECR Public through the proxy with ca_certs, and keeps the name of the repository', async () => {
    const token = Buffer.from('AWS:leak-public-password').toString('base64');
    await using api = await startRecordingServer({
      tls: serverKeys.amazon,
      answer: () => jsonReply(200, { authorizationData: { authorizationToken: token, expiresAt: 4e9 } }),
    });
    await using registry = await startRegistry({
      tls: serverKeys.amazon,
      auth: {
        kind: 'bearer',
        credentials: { user: 'AWS', password: 'leak-public-password' },
        realm: () => 'https://public.ecr.aws/token',
      },
    });
    await using proxy = await startTunnelProxy((target) =>
      target.startsWith('api.') ? api.port : registry.port,
    );
    seed(registry, 'alias/app', 'latest', image);
    const environment = { TEST: 'true', HTTPS_PROXY: proxy.url };
    const source = { ...keys, repository: 'public.ecr.aws/alias/app' };
    const { stdout, stderr } = await run('check', source, environment);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(new Set(proxy.targets)).toEqual(
      new Set(['api.ecr-public.us-east-1.amazonaws.com:443', 'public.ecr.aws:443']),
    );
    expect(api.journal.requests.map(({ headers }) => headers['x-amz-target'])).toEqual([
      'SpencerFrontendService.GetAuthorizationToken',
    ]);
    expect(api.journal.requests[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 .*us-east-1\/ecr-public/,
    );
  });

  it('explains that the certificate of the ECR Public API is not trusted', async () => {
    await using api = await startRecordingServer({
      tls: serverKeys.amazon,
      answer: () => jsonReply(200, {}),
    });
    await using proxy = await startTunnelProxy(api.port);
    const { status, stderr } = await run(
      'check',
      { ...keys, repository: 'public.ecr.aws/alias/app', ca_certs: [] },
      { TEST: 'true', HTTPS_PROXY: proxy.url },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/cannot authenticate with ECR: .*api\.ecr-public\.us-east-1\.amazonaws\.com/);
    expect(stderr).toMatch(/hint: .*ca_certs/);
  });
});
