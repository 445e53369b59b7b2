// registry-image sign and attest as an identity: what Fulcio, Rekor and a timestamp authority vouch for, and what they refuse.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Image } from '../support/images.ts';
import { identityOptions, storedBundles, verifiedBundle } from '../support/keyless.ts';
import { imageWith, registryWith, textFile } from '../support/promotion.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import type { TestRegistry } from '../support/registry.ts';
import { jsonReply } from '../support/reply.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { createKey, signSeeded } from '../support/signatures.ts';
import { identityToken, type SigstoreServer, startSigstore } from '../support/sigstore-server.ts';

const name = 'team/app';
const type = 'https://sigstore.dev/cosign/sign/v1';
const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
let server: SigstoreServer;
let registry: TestRegistry;
let image: Image;
let reference: string;
let token: string;

beforeEach(async () => {
  server = await startSigstore();
  image = await imageWith('to be signed');
  registry = await registryWith({ [`${name}:1.0`]: image }, { referrers: true });
  reference = `${registry.host}/${name}:1.0`;
  token = identityToken(identity);
});
afterEach(() => server[Symbol.asyncDispose]());

const environment = () => ({ SIGSTORE_ID_TOKEN: token });
const sign = (...more: readonly string[]) =>
  runCli(['sign', reference, ...identityOptions(server.url), ...more], { environment: environment() });
const bundles = () => storedBundles(registry, name, type);
const verified = (thresholds: object = { timestampThreshold: 2 }) =>
  bundles().map((bundle) => verifiedBundle(server.sigstore, bundle, thresholds));

it('signs with a certificate, a log entry and a timestamp, which the library of sigstore verifies', async () => {
  const { code, stdout, stderr } = await sign('--annotation', 'env=prod');
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(`is signed by ${identity.subject} (${identity.issuer})\n`);
  expect(verified()).toEqual([
    {
      ...identity,
      statement: {
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ digest: { sha256: image.digest.slice(7) }, annotations: { env: 'prod' } }],
        predicateType: type,
        predicate: {},
      },
    },
  ]);
});

it('answers with the identity in place of a key', async () => {
  const { json } = await runCliJson(['sign', reference, ...identityOptions(server.url)], {
    environment: environment(),
  });
  expect(json).toMatchObject({ key: null, identity: `${identity.subject} (${identity.issuer})` });
});

it.each([
  ['a log alone', ['--rekor-url'], {}],
  ['a timestamp alone', ['--timestamp-url'], { tlogThreshold: 0, timestampThreshold: 1 }],
])('needs only %s', async (_, kept, thresholds) => {
  const all = identityOptions(server.url);
  const options = all.filter((_, at) => ['--fulcio-url', ...kept].includes(all[at - (at % 2)] ?? ''));
  const { code, stderr } = await runCli(['sign', reference, ...options], { environment: environment() });
  expect(code, stderr).toBe(0);
  expect(verified(thresholds)).toMatchObject([identity]);
});

it('the same identity adds nothing the second time, and other annotations do', async () => {
  await sign();
  expect((await sign()).stdout).toMatch(/ present$/m);
  expect(bundles()).toHaveLength(1);
  expect((await sign('--annotation', 'env=prod')).stdout).toMatch(/ signed$/m);
  expect(bundles()).toHaveLength(2);
});

describe('is signed again although there is', () => {
  it.each([
    ['one of another subject', { subject: 'https://ci.test/other' }],
    ['one of another issuer', { issuer: 'https://other.test' }],
  ])('%s', async (_, more) => {
    token = identityToken({ ...identity, ...more });
    await sign();
    token = identityToken(identity);
    expect((await sign()).stdout).toMatch(/ signed$/m);
    expect(verified()).toHaveLength(2);
  });

  it('one of the same names by another Fulcio', async () => {
    const own = server;
    await using foreign = await startSigstore();
    server = foreign;
    await sign();
    server = own;
    expect((await sign()).stdout).toMatch(/ signed$/m);
    expect(bundles()).toHaveLength(2);
  });

  it('one by a key', async () => {
    signSeeded(registry, name, image, createKey());
    expect((await sign()).stdout).toMatch(/ signed$/m);
  });

  it('one without an entry in the log', async () => {
    const [fulcio = '', url = '', , , stamp = '', at = ''] = identityOptions(server.url);
    const alone = [fulcio, url, stamp, at];
    await runCli(['sign', reference, ...alone], { environment: environment() });
    expect((await sign()).stdout).toMatch(/ signed$/m);
  });
});

it('one certificate does for all of an index', async () => {
  const { stdout } = await sign('--recursive');
  expect(stdout).toMatch(/ signed$/m);
  expect(server.journal.select({ path: '/api/v2/signingCert' })).toHaveLength(1);
});

it('attests as an identity', async () => {
  const predicate = await textFile('bom.json', '{"bomFormat":"CycloneDX"}');
  const args = [
    'attest',
    reference,
    ...identityOptions(server.url),
    '--type',
    'cyclonedx',
    '--predicate',
    predicate,
  ];
  const { code, stdout, stderr } = await runCli(args, { environment: environment() });
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(`is attested by ${identity.subject} (${identity.issuer})\n`);
  const [bundle] = storedBundles(registry, name, 'https://cyclonedx.org/bom');
  expect(bundle && verifiedBundle(server.sigstore, bundle)).toMatchObject({
    ...identity,
    statement: { predicate: { bomFormat: 'CycloneDX' } },
  });
  expect((await runCli(args, { environment: environment() })).stdout).toMatch(/ present$/m);
});

it('a token in a file is used before that of the environment', async () => {
  const file = await textFile('token', `${token}\n`);
  token = identityToken({ ...identity, subject: 'https://ci.test/other' });
  const { code } = await sign('--identity-token', file);
  expect(code).toBe(0);
  expect(verified()).toMatchObject([identity]);
});

describe('in a job of GitHub Actions', () => {
  const requestToken = 'the-token-of-the-job';
  let actions: RecordingServer;
  let answered: object;

  beforeEach(async () => {
    answered = { value: token };
    actions = await startRecordingServer({
      answer: ({ headers, query }) =>
        headers.authorization === `Bearer ${requestToken}` &&
        query.get('audience') === 'sigstore' &&
        query.get('api-version') === '2.0'
          ? jsonReply(200, answered)
          : jsonReply(401, {}),
    });
  });
  afterEach(() => actions.close());

  const run = (jobToken = requestToken) =>
    runCli(['sign', reference, ...identityOptions(server.url), '--debug'], {
      environment: {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${actions.url}/token?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: jobToken,
      },
    });

  it('the token comes from its endpoint, and is shown nowhere', async () => {
    const { code, stdout, stderr } = await run();
    expect(code, stderr).toBe(0);
    expect(verified()).toMatchObject([identity]);
    expect(stdout + stderr).not.toContain(token);
    expect(stdout + stderr).not.toContain(requestToken);
  });

  it('fails when the endpoint refuses, or has no token', async () => {
    expect((await run('another-token')).stderr).toContain('401');
    answered = {};
    expect((await run()).stderr).toContain('ACTIONS_ID_TOKEN_REQUEST_URL answered without a token');
    expect(bundles()).toEqual([]);
  });
});

describe('what a service does', () => {
  const failed = async (message: string) => {
    const { code, stdout, stderr } = await sign();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain(`signing ${registry.host}/${name}@${image.digest}`);
    expect(bundles()).toEqual([]);
    return stderr;
  };

  it.each([
    ['Fulcio', '/api/v2/signingCert', 'Fulcio has issued no certificate: POST http'],
    ['Rekor', '/api/v1/log/entries', 'Rekor has not entered the signature: POST http'],
    [
      'a timestamp authority',
      '/api/v1/timestamp',
      'the timestamp authority has made no timestamp: POST http',
    ],
  ])('%s refuses: nothing is signed', async (_, path, message) => {
    server.faults.add({ method: 'POST', path, fault: { kind: 'status', status: 403 } });
    await failed(message);
  });

  it.each(['/api/v2/signingCert', '/api/v1/log/entries', '/api/v1/timestamp'])(
    'a failure that passes is tried again: %s',
    async (path) => {
      server.faults.add({ method: 'POST', path, fault: { kind: 'status', status: 503 }, times: 2 });
      const { code, stderr } = await sign();
      expect(code, stderr).toBe(0);
      expect(verified()).toMatchObject([identity]);
    },
  );
});

it('an entry whose answer was lost is found in the log', async () => {
  server.faults.add({
    method: 'POST',
    path: '/api/v1/log/entries',
    fault: { kind: 'reset', after: 10 },
    times: 1,
  });
  const { code, stderr } = await sign();
  expect(code, stderr).toBe(0);
  expect(verified()).toMatchObject([identity]);
  const asked = server.journal.requests.filter(({ path }) => path.startsWith('/api/v1/log/entries'));
  expect(asked.map(({ method, status }) => `${method} ${status}`)).toEqual([
    'POST 201',
    'POST 409',
    'GET 200',
  ]);
});

describe('fails before any request', () => {
  const url = 'https://sigstore.test';
  it.each<[string, readonly string[], string]>([
    ['without Fulcio', ['--rekor-url', url], '--fulcio-url is missing'],
    [
      'without a log and a timestamp',
      ['--fulcio-url', url],
      'neither --rekor-url nor --timestamp-url is set',
    ],
    ['with a key, too', ['--key', 'x', '--fulcio-url', url], '--key is given together with an identity'],
    [
      'with http for another host',
      ['--fulcio-url', 'http://sigstore.test', '--rekor-url', url],
      '--fulcio-url is not an https URL: "http://sigstore.test"',
    ],
    ['with no URL', ['--fulcio-url', url, '--rekor-url', 'sigstore.test'], '--rekor-url is no URL'],
    [
      'with a password in a URL',
      ['--fulcio-url', url, '--timestamp-url', 'https://me:secret-word@sigstore.test'],
      '--timestamp-url is no URL',
    ],
    [
      'in the legacy format',
      ['--fulcio-url', url, '--rekor-url', url, '--format', 'both'],
      'sign.format both needs a key',
    ],
    [
      'with a file that does not exist',
      ['--fulcio-url', url, '--rekor-url', url, '--identity-token', '/nonexistent'],
      '--identity-token "/nonexistent" cannot be read',
    ],
  ])('%s', async (_, more, message) => {
    const { code, stdout, stderr } = await runCli(['sign', reference, ...more], {
      environment: environment(),
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('secret-word');
    expect([...registry.requests, ...server.journal.requests]).toEqual([]);
  });

  it('without a token', async () => {
    const { code, stderr } = await runCli(['sign', reference, ...identityOptions(server.url)]);
    expect(code).toBe(1);
    expect(stderr).toContain('--identity-token is missing');
    expect([...registry.requests, ...server.journal.requests]).toEqual([]);
  });
});

it('shows the token in no output, whatever a service says', async () => {
  const outputs: string[] = [];
  for (const refusing of [false, true]) {
    if (refusing) {
      server.faults.add({
        method: 'POST',
        path: '/api/v2/signingCert',
        fault: { kind: 'status', status: 400, body: JSON.stringify({ message: `bad token ${token}` }) },
      });
    }
    const { code, stdout, stderr } = await sign('--debug', '--annotation', `refusing=${refusing}`);
    expect(code).toBe(refusing ? 1 : 0);
    outputs.push(stdout, stderr);
  }
  expect(outputs.join('')).toContain('bad token');
  expect(outputs.join('')).not.toContain(token);
});
