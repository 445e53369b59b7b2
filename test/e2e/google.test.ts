// Log-in to Google Cloud with the executables: credential files, the metadata server, and anonymous without either.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authority, type KeyPair, serverKeys } from '../support/certificates.ts';
import { buildImage, seed } from '../support/images.ts';
import { googleToken, startGoogleMetadata } from '../support/metadata-servers.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { jsonReply } from '../support/reply.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTunnelProxy } from '../support/tunnel-proxy.ts';

const credentials = { user: '_token', password: googleToken };
const image = await buildImage();

async function start(anonymousPull = false): Promise<TestRegistry> {
  const registry = await startRegistry({ auth: { kind: 'bearer', credentials, anonymousPull } });
  seed(registry, 'app', 'latest', image);
  return registry;
}

async function check(registry: TestRegistry, environment: Record<string, string>, source: object = {}) {
  const { status, stdout, stderr } = await runExecutable('check', {
    request: { source: { repository: `${registry.host}/app`, tag: 'latest', google_auth: true, ...source } },
    environment: { TEST: 'true', ...environment },
  });
  expect(stderr).not.toContain('topsecret');
  return { stderr, versions: status === 0 ? (JSON.parse(stdout) as unknown[]) : undefined };
}

/** Google's Security Token Service: an access token for the subject token `topsecret-subject`. */
function startSecurityTokens(tls: KeyPair = serverKeys.trusted): Promise<RecordingServer> {
  return startRecordingServer({
    tls,
    answer: ({ body, method }) => {
      const form = new URLSearchParams(body.toString());
      const right =
        method === 'POST' &&
        form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:token-exchange' &&
        form.get('scope') === 'https://www.googleapis.com/auth/cloud-platform' &&
        form.get('subject_token') === 'topsecret-subject';
      return right
        ? jsonReply(200, {
            access_token: googleToken,
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            token_type: 'Bearer',
            expires_in: 3600,
          })
        : jsonReply(400, { error: 'invalid_grant', error_description: 'wrong subject' });
    },
  });
}

/** Writes a file of workload identity federation and its subject token; returns the path of the file. */
async function federation(tokens: { readonly url: string }, subject: string): Promise<string> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'subject'), subject);
  const file = join(directory, 'credentials.json');
  await writeFile(
    file,
    JSON.stringify({
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${tokens.url}/v1/token`,
      credential_source: { file: join(directory, 'subject') },
    }),
  );
  return file;
}

describe('a log-in to Google Cloud', () => {
  it('logs in to Google Cloud with the metadata server, without a proxy', async () => {
    await using metadata = await startGoogleMetadata();
    await using registry = await start();
    const environment = { GCE_METADATA_HOST: metadata.otherHost, HTTP_PROXY: 'http://127.0.0.1:1' };
    const { versions, stderr } = await check(registry, environment);
    expect(versions, stderr).toHaveLength(1);
    expect(stderr).toContain('the default credentials of Google Cloud are used');
    expect(metadata.journal.requests).toHaveLength(1);
    expect(registry.tokens.map(({ user }) => user)).toEqual(['_token']);
  });

  it('logs in to Google Cloud with workload identity federation over TLS verified with ca_certs', async () => {
    await using tokens = await startSecurityTokens();
    await using registry = await start();
    const environment = { GOOGLE_APPLICATION_CREDENTIALS: await federation(tokens, 'topsecret-subject') };
    const { versions, stderr } = await check(registry, environment, { ca_certs: [authority] });
    expect(versions, stderr).toHaveLength(1);
  });

  it('logs in to Google Cloud with workload identity federation through the proxy of the worker', async () => {
    await using tokens = await startSecurityTokens(serverKeys.wrongHost);
    await using proxy = await startTunnelProxy(tokens.port);
    await using registry = await start();
    const file = await federation({ url: 'https://registry.invalid' }, 'topsecret-subject');
    const environment = { GOOGLE_APPLICATION_CREDENTIALS: file, HTTPS_PROXY: proxy.url };
    const { versions, stderr } = await check(registry, environment, { ca_certs: [authority] });
    expect(versions, stderr).toHaveLength(1);
    expect(proxy.targets).toEqual(['registry.invalid:443']);
  });

  it('logs in to Google Cloud with the credential file of gcloud', async () => {
    await using tokens = await startSecurityTokens();
    await using registry = await start();
    const HOME = await temporaryDirectory();
    const file = await federation(tokens, 'topsecret-subject');
    const folder = join(HOME, '.config', 'gcloud');
    await mkdir(folder, { recursive: true });
    await copyFile(file, join(folder, 'application_default_credentials.json'));
    const { versions, stderr } = await check(registry, { HOME }, { ca_certs: [authority] });
    expect(versions, stderr).toHaveLength(1);
  });

  it('uses username and password rather than google_auth', async () => {
    await using metadata = await startGoogleMetadata();
    await using registry = await start();
    const source = { username: '_token', password: googleToken };
    const { versions } = await check(registry, { GCE_METADATA_HOST: metadata.host }, source);
    expect(versions).toHaveLength(1);
    expect(metadata.journal.requests).toEqual([]);
  });
});

describe('a log-in to Google Cloud that fails', () => {
  it('warns and sends anonymous requests if there is no metadata server', async () => {
    await using registry = await start(true);
    const gone = await startGoogleMetadata();
    await gone.close();
    const { versions, stderr } = await check(registry, { GCE_METADATA_HOST: gone.host });
    expect(versions, stderr).toHaveLength(1);
    expect(stderr).toMatch(/ERRO.*cannot authenticate with Google Cloud \(google_auth\).*absent/);
    expect(stderr).toMatch(/WARN.*asked anonymously; to log in: set GOOGLE_APPLICATION_CREDENTIALS/);
    expect(registry.tokens.map(({ by }) => by)).toEqual(['nothing']);
  });

  it.each<[string, string, string]>([
    ['is not JSON', '{"private_key": "topsecret', 'the file is not a JSON object'],
    ['has an unknown type', '{"type":"topsecret"}', 'requesting a token with the credentials in'],
    ['is not an object', '"topsecret"', 'the file is not a JSON object'],
  ])('warns and sends anonymous requests if the credential file %s', async (_case, text, said) => {
    await using registry = await start(true);
    const file = join(await temporaryDirectory(), 'key.json');
    await writeFile(file, text);
    const { versions, stderr } = await check(registry, { GOOGLE_APPLICATION_CREDENTIALS: file });
    expect(versions, stderr).toHaveLength(1);
    expect(stderr).toContain(said);
    expect(stderr).toContain(file);
  });

  it('warns and sends anonymous requests if the credential file is missing or the federation is refused', async () => {
    await using registry = await start(true);
    const missing = await check(registry, { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/key.json' });
    expect(missing.versions).toHaveLength(1);
    expect(missing.stderr).toContain('/nowhere/key.json');
    await using tokens = await startSecurityTokens();
    const environment = { GOOGLE_APPLICATION_CREDENTIALS: await federation(tokens, 'topsecret-other') };
    const refused = await check(registry, environment, { ca_certs: [authority] });
    expect(refused.versions).toHaveLength(1);
    expect(refused.stderr).toContain('invalid_grant');
  });
});
