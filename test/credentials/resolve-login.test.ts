// The log-in method that is used when several are configured.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { CredentialSurroundings } from '../../src/credentials/credential-source.ts';
import type { LoginSettings } from '../../src/credentials/login.ts';
import { resolveLogin } from '../../src/credentials/resolve-login.ts';
import type { HttpClient, HttpRequest } from '../../src/transport/http-client.ts';
import { acrTenant, startAcr } from '../support/acr.ts';
import { authority, serverKeys } from '../support/certificates.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { loginSettings } from '../support/login-settings.ts';
import { azureToken, googleToken, startEntra, startGoogleMetadata } from '../support/metadata-servers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { recordedLog, testClient, trusting } from '../support/test-session.ts';

const fromUser: Partial<LoginSettings> = { username: 'user', password: 'password' };
const docker: Partial<LoginSettings> = {
  dockerConfig: JSON.stringify({ auths: { '127.0.0.1:5000': { username: 'docker', password: 'p' } } }),
};
const google: Partial<LoginSettings> = { googleAuth: true };
const azure: Partial<LoginSettings> = { azureAcr: true };
const amazon: Partial<LoginSettings> = {
  awsRegion: 'eu-central-1',
  awsAccessKeyId: 'id',
  awsSecretAccessKey: 'secret',
};

const azureUser = '00000000-0000-0000-0000-000000000000';

it.each<[string, Partial<LoginSettings>, string | undefined]>([
  ['an anonymous session without any method', {}, undefined],
  ['an anonymous session with a username alone', { username: 'user' }, undefined],
  ['username and password', fromUser, 'user'],
  ['docker_config', docker, 'docker'],
  ['docker_config with a username alone', { ...docker, username: 'user' }, 'docker'],
  ['google_auth', google, '_token'],
  ['username and password before docker_config', { ...docker, ...fromUser }, 'user'],
  ['username and password before google_auth', { ...google, ...fromUser }, 'user'],
  ['google_auth before docker_config', { ...google, ...docker }, '_token'],
  ['ECR before username and password', { ...amazon, ...fromUser, ...docker, ...google }, 'AWS'],
  ['ACR before username and password', { ...azure, ...fromUser, ...docker, ...google }, azureUser],
  ['ACR after ECR has named the repository', { ...azure, ...amazon, ...fromUser }, azureUser],
])('uses %s', async (_case, settings, username) => {
  await using acr = await startAcr({ accepts: azureToken, tls: serverKeys.trusted });
  await using entra = await startEntra(serverKeys.trusted, { assertion: 'pod', token: azureToken });
  await using metadata = await startGoogleMetadata();
  const client = clientWithEcr(acr.host);
  const environment = { ...(await podOf(entra.url)), GCE_METADATA_HOST: metadata.host };
  const surroundings: CredentialSurroundings = {
    environment,
    client,
    clock: createFakeClock(),
    log: recordedLog(),
    trustRoots: trusting(authority),
    addSecret: () => {},
  };
  const host = settings.azureAcr ? acr.host : '127.0.0.1:5000';
  const repository = settings.awsRegion ? 'app' : `${host}/app`;
  const login = await resolveLogin({ ...loginSettings, ...settings, repository }, surroundings);
  const credentials = await login.credentials.credentials();
  expect(credentials?.username).toBe(username);
  expect(login.repository).toBe(settings.awsRegion ? `${acr.host}/app` : repository);
  if (username === '_token') {
    expect(credentials?.password).toBe(googleToken);
  }
  if (username === azureUser) {
    expect(credentials?.password).toBe(acr.refreshToken);
    expect(acr.exchanges.map((form) => form.get('tenant'))).toEqual([acrTenant]);
  }
});

/** A client by which ECR names `host` as the registry; other requests are sent. */
function clientWithEcr(host: string): HttpClient {
  const client = testClient();
  const answer = {
    authorizationData: [
      { authorizationToken: Buffer.from('AWS:ecr').toString('base64'), proxyEndpoint: `https://${host}` },
    ],
  };
  return {
    ...client,
    send: async (request: HttpRequest) =>
      request.url.startsWith('https://api.ecr.eu-central-1.amazonaws.com/')
        ? {
            url: request.url,
            status: 200,
            headers: { 'content-type': 'application/x-amz-json-1.1' },
            body: Readable.from([Buffer.from(JSON.stringify(answer))]),
          }
        : await client.send(request),
  };
}

async function podOf(authorityHost: string): Promise<Record<string, string>> {
  const file = join(await temporaryDirectory(), 'token');
  await writeFile(file, 'pod');
  return {
    AZURE_FEDERATED_TOKEN_FILE: file,
    AZURE_AUTHORITY_HOST: `${authorityHost}/`,
    AZURE_CLIENT_ID: 'client',
    AZURE_TENANT_ID: acrTenant,
  };
}
