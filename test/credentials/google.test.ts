// The log-in to Google Cloud: the token request of a service account, and how long a token is kept.
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { CredentialSurroundings } from '../../src/credentials/credential-source.ts';
import { googleLogin } from '../../src/credentials/google.ts';
import type { HttpClient, HttpRequest } from '../../src/transport/http-client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { loginSettings } from '../support/login-settings.ts';
import { startGoogleMetadata } from '../support/metadata-servers.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { jsonReply } from '../support/reply.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { recordedLog, testClient, trusting } from '../support/test-session.ts';

const settings = { ...loginSettings, repository: 'registry.test/app', googleAuth: true };

function surroundingsOf(environment: Record<string, string>, client: HttpClient = testClient()) {
  const clock = createFakeClock();
  const secrets: string[] = [];
  return {
    environment,
    client,
    clock,
    log: recordedLog(clock),
    trustRoots: trusting(),
    addSecret: (secret: string) => {
      secrets.push(secret);
    },
    secrets,
  } satisfies CredentialSurroundings & { secrets: string[] };
}

it('signs the token request with the key of a service account, for the scope cloud-platform', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const file = join(await temporaryDirectory(), 'key.json');
  const key = {
    type: 'service_account',
    client_email: 'ci@project.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
  await writeFile(file, JSON.stringify(key));
  const sent: HttpRequest[] = [];
  const client: HttpClient = {
    send: async (request) => {
      sent.push(request);
      const body = Readable.from([Buffer.from('{"access_token":"from-key","expires_in":3600}')]);
      return { url: request.url, status: 200, headers: { 'content-type': 'application/json' }, body };
    },
    close: async () => {},
  };
  const surroundings = surroundingsOf({ GOOGLE_APPLICATION_CREDENTIALS: file }, client);
  const { credentials } = await googleLogin(settings, surroundings);
  expect(await credentials.credentials()).toEqual({ username: '_token', password: 'from-key' });
  expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'POST https://oauth2.googleapis.com/token',
  ]);
  const form = new URLSearchParams(Buffer.from((await sent[0]?.body?.open()) as Uint8Array).toString());
  const [head = '', claims = '', signature = ''] = form.get('assertion')?.split('.') ?? [];
  expect(
    verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
      Buffer.from(signature, 'base64url'),
    ),
  ).toBe(true);
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    iss: key.client_email,
    scope: 'https://www.googleapis.com/auth/cloud-platform',
  });
  expect(surroundings.secrets).toEqual(expect.arrayContaining(['from-key', form.get('assertion')]));
});

describe('a token of the metadata server', () => {
  it('is kept until shortly before it expires', async () => {
    await using metadata = await startGoogleMetadata();
    const surroundings = surroundingsOf({ GCE_METADATA_HOST: metadata.host });
    const { credentials } = await googleLogin(settings, surroundings);
    await credentials.credentials();
    await surroundings.clock.sleep(1_800_000);
    await credentials.credentials();
    expect(metadata.journal.requests).toHaveLength(1);
    await surroundings.clock.sleep(1_799_000);
    expect((await credentials.credentials())?.username).toBe('_token');
    expect(metadata.journal.requests).toHaveLength(2);
    const [request] = metadata.journal.requests;
    expect(request?.query.get('scopes')).toBe('https://www.googleapis.com/auth/cloud-platform');
  });

  it('makes the session anonymous when it cannot be renewed, and the log says so', async () => {
    const metadata = await startGoogleMetadata();
    const surroundings = surroundingsOf({ GCE_METADATA_HOST: metadata.host });
    const { credentials } = await googleLogin(settings, surroundings);
    await metadata.close();
    expect(await credentials.credentials()).toBeDefined();
    await surroundings.clock.sleep(3_599_000);
    expect(await credentials.credentials()).toBeUndefined();
    expect(surroundings.log.text).toContain('cannot authenticate with Google Cloud (google_auth)');
  });

  it('is not requested again after the first request returned none', async () => {
    await using metadata = await startRecordingServer({ answer: () => jsonReply(404, {}) });
    const surroundings = surroundingsOf({ GCE_METADATA_HOST: metadata.host });
    const { credentials } = await googleLogin(settings, surroundings);
    expect(await credentials.credentials()).toBeUndefined();
    expect(metadata.journal.requests).toHaveLength(1);
    expect(surroundings.log.text).toContain('returned no token: status 404');
  });

  it.each([
    ['another server', {}, { access_token: 'topsecret' }],
    ['a response with a token of another type', { 'metadata-flavor': 'Google' }, { access_token: 1 }],
    ['a response that is no object', { 'metadata-flavor': 'Google' }, ['topsecret']],
  ])('is not taken from %s', async (_case, headers, document) => {
    await using metadata = await startRecordingServer({ answer: () => jsonReply(200, document, headers) });
    const surroundings = surroundingsOf({ GCE_METADATA_HOST: metadata.host });
    const { credentials } = await googleLogin(settings, surroundings);
    expect(await credentials.credentials()).toBeUndefined();
    expect(surroundings.log.text).toContain('returned no token');
    expect(surroundings.log.text).not.toContain('topsecret');
  });

  it('is not waited for when the server accepts the connection and sends nothing', async () => {
    await using metadata = await startRecordingServer({
      answer: () => jsonReply(200, {}),
      faults: [{ fault: { kind: 'hold', until: new Promise(() => {}) } }],
    });
    const surroundings = surroundingsOf({ GCE_METADATA_HOST: metadata.host });
    const { credentials } = await googleLogin(settings, surroundings);
    expect(await credentials.credentials()).toBeUndefined();
    expect(surroundings.log.text).toContain('the metadata server is absent');
  });
});
