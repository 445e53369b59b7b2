// Log-in to Azure Container Registry with the executables: identities, clouds, tenants and failures.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Acr, acrTenant, startAcr } from '../support/acr.ts';
import { authority, serverKeys } from '../support/certificates.ts';
import {
  assignedClient,
  azureToken,
  identityHeader,
  startAzureMetadata,
  startEntra,
} from '../support/metadata-servers.ts';
import type { RecordingServer } from '../support/recording-server.ts';
import { errorReply, jsonReply } from '../support/reply.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTunnelProxy } from '../support/tunnel-proxy.ts';

const machine = (metadata: RecordingServer) => ({ AZURE_POD_IDENTITY_AUTHORITY_HOST: metadata.url });
const service = (metadata: RecordingServer) => ({
  IDENTITY_ENDPOINT: `${metadata.url}/msi/token`,
  IDENTITY_HEADER: identityHeader,
});

async function check(acr: Acr, environment: Record<string, string>, source: object = {}) {
  const { status, stdout, stderr } = await runExecutable('check', {
    request: {
      source: { repository: `${acr.host}/app`, tag: 'latest', azure_acr: true, insecure: true, ...source },
    },
    environment: { TEST: 'true', ...environment },
  });
  expect(stderr).not.toContain('topsecret');
  return { stderr, versions: status === 0 ? (JSON.parse(stdout) as unknown[]) : undefined };
}

describe('an identity of Azure', () => {
  it.each([
    ['the identity of the machine', machine, {}, undefined],
    ['a user-assigned identity', machine, { azure_client_id: assignedClient }, assignedClient],
    ['the identity of App Service', service, {}, undefined],
    ['a user-assigned identity of App Service', service, { azure_client_id: assignedClient }, assignedClient],
  ] as const)('logs in with %s', async (_case, place, source, client) => {
    await using metadata = await startAzureMetadata();
    await using acr = await startAcr({ accepts: azureToken });
    const { versions, stderr } = await check(acr, place(metadata), source);
    expect(versions, stderr).toHaveLength(1);
    expect(acr.tokens.map(({ by }) => by)).toEqual(['password']);
    expect(metadata.journal.requests.at(-1)?.query.get('client_id') ?? undefined).toBe(client);
  });

  it('logs in with the token file of a workload identity, over TLS verified with ca_certs', async () => {
    await using entra = await startEntra(serverKeys.trusted, {
      assertion: 'topsecret-pod',
      token: azureToken,
    });
    await using acr = await startAcr({ accepts: azureToken, tls: serverKeys.trusted });
    const file = join(await temporaryDirectory(), 'token');
    await writeFile(file, 'topsecret-pod\n');
    const environment = {
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_AUTHORITY_HOST: `${entra.url}/`,
      AZURE_CLIENT_ID: assignedClient,
      AZURE_TENANT_ID: acrTenant,
    };
    const source = { insecure: false, ca_certs: [authority] };
    const { versions, stderr } = await check(acr, environment, source);
    expect(versions, stderr).toHaveLength(1);
    expect(entra.journal.requests.map(({ path }) => path)).toContain(`/${acrTenant}/oauth2/v2.0/token`);
    const distrusted = await check(acr, environment, { insecure: false });
    expect(distrusted.stderr).toContain(
      'cannot authenticate with ACR (azure_acr): asking the workload identity',
    );
  });

  it('logs in with a workload identity through the proxy of the worker', async () => {
    const identity = { assertion: 'topsecret-pod', token: azureToken, url: 'https://registry.invalid' };
    await using entra = await startEntra(serverKeys.wrongHost, identity);
    await using proxy = await startTunnelProxy(entra.port);
    await using acr = await startAcr({ accepts: azureToken });
    const file = join(await temporaryDirectory(), 'token');
    await writeFile(file, 'topsecret-pod');
    const environment = {
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_AUTHORITY_HOST: identity.url,
      AZURE_CLIENT_ID: assignedClient,
      AZURE_TENANT_ID: acrTenant,
      HTTPS_PROXY: proxy.url,
    };
    const { versions, stderr } = await check(acr, environment, { ca_certs: [authority] });
    expect(versions, stderr).toHaveLength(1);
    expect(new Set(proxy.targets)).toEqual(new Set(['registry.invalid:443']));
  });

  it('does not fall back to the identity of the machine if a workload identity is refused', async () => {
    await using entra = await startEntra(serverKeys.trusted, { assertion: 'other', token: azureToken });
    await using metadata = await startAzureMetadata();
    await using acr = await startAcr({ accepts: azureToken });
    const file = join(await temporaryDirectory(), 'token');
    await writeFile(file, 'topsecret-pod');
    const { versions, stderr } = await check(
      acr,
      {
        ...machine(metadata),
        AZURE_FEDERATED_TOKEN_FILE: file,
        AZURE_AUTHORITY_HOST: `${entra.url}/`,
        AZURE_CLIENT_ID: assignedClient,
        AZURE_TENANT_ID: acrTenant,
      },
      { ca_certs: [authority] },
    );
    expect(versions).toBeUndefined();
    expect(stderr).toContain('asking the workload identity for a token');
    expect(stderr).toContain('AADSTS700211');
    expect(stderr).toContain('hint: check the federated credential');
    expect(metadata.journal.requests).toEqual([]);
  });

  it('requests a token for the cloud in azure_environment', async () => {
    await using metadata = await startAzureMetadata('https://management.chinacloudapi.cn');
    await using acr = await startAcr({ accepts: azureToken });
    const { versions, stderr } = await check(acr, machine(metadata), { azure_environment: 'AzureChina' });
    expect(versions, stderr).toHaveLength(1);
    const wrong = await check(acr, machine(metadata), { azure_environment: 'AzureMoon' });
    expect(wrong.versions).toBeUndefined();
    expect(wrong.stderr).toContain('azure_environment "AzureMoon" is unknown');
  });
});

it('logs in to ACR for in and out', async () => {
  await using metadata = await startAzureMetadata();
  await using acr = await startAcr({ accepts: azureToken });
  const environment = { TEST: 'true', ...machine(metadata) };
  const source = { repository: `${acr.host}/app`, tag: 'latest', azure_acr: true, insecure: true };
  const version = { tag: 'latest', digest: acr.manifest('app', 'latest')?.digest };
  const directory = await temporaryDirectory();
  const request = { source, version, params: { format: 'oci' } };
  const got = await runExecutable('in', { request, directory, environment });
  expect(got.status, got.stderr).toBe(0);
  expect(await readFile(join(directory, 'repository'), 'utf8')).toBe(`${acr.host}/app`);
  const put = await runExecutable('out', {
    request: { source: { ...source, tag: 'copy' }, params: { image: 'image.tar' } },
    directory,
    environment,
  });
  expect(put.status, put.stderr).toBe(0);
  expect(acr.tags('app')).toEqual(['copy', 'latest']);
});

describe('the tenant of a registry', () => {
  it('does not discover the tenant if azure_tenant_id is set', async () => {
    await using metadata = await startAzureMetadata();
    await using acr = await startAcr({ accepts: azureToken });
    const { versions, stderr } = await check(acr, machine(metadata), { azure_tenant_id: acrTenant });
    expect(versions, stderr).toHaveLength(1);
    const paths = acr.requests.map(({ path }) => path);
    expect(paths.indexOf('/v2/')).toBeGreaterThan(paths.indexOf('/oauth2/exchange'));
  });

  it('names a wrong azure_tenant_id with a hint', async () => {
    await using metadata = await startAzureMetadata();
    await using acr = await startAcr({ accepts: azureToken });
    const { versions, stderr } = await check(acr, machine(metadata), { azure_tenant_id: 'other-tenant' });
    expect(versions).toBeUndefined();
    expect(stderr).toContain('cannot authenticate with ACR (azure_acr): the token for the tenant');
    expect(stderr).toContain('status 401');
    expect(stderr).toContain('hint: check that azure_tenant_id is the tenant of the registry');
    expect(acr.exchanges[0]?.get('tenant')).toBe('other-tenant');
  });
});

describe('a log-in to ACR that fails', () => {
  it('explains a log-in without a metadata server', async () => {
    await using acr = await startAcr({ accepts: azureToken });
    const gone = await startAzureMetadata();
    await gone.close();
    const { versions, stderr } = await check(acr, machine(gone), { username: 'user', password: 'topsecret' });
    expect(versions).toBeUndefined();
    expect(stderr).toContain(
      'cannot authenticate with ACR (azure_acr): the metadata server of Azure is absent',
    );
    expect(stderr).toContain('hint: the worker must run on Azure');
  });

  it('explains a log-in with an identity that the machine does not have', async () => {
    await using metadata = await startAzureMetadata();
    await using acr = await startAcr({ accepts: azureToken });
    const { versions, stderr } = await check(acr, machine(metadata), { azure_client_id: 'other' });
    expect(versions).toBeUndefined();
    expect(stderr).toContain('asking the managed identity for a token');
    expect(stderr).toContain('check that azure_client_id');
  });

  it.each([
    ['refuses', errorReply(403, 'DENIED', 'no role'), 'status 403'],
    ['responds without JSON', { status: 200, body: '<html>' }, 'decode'],
    ['responds without a token', jsonReply(200, { refresh_token: '' }), 'has no refresh_token'],
  ])('explains a log-in if the registry %s', async (_case, exchange, said) => {
    await using metadata = await startAzureMetadata();
    await using acr = await startAcr({ accepts: azureToken, exchange });
    const { versions, stderr } = await check(acr, machine(metadata));
    expect(versions).toBeUndefined();
    expect(stderr).toContain('cannot authenticate with ACR');
    expect(stderr).toContain(said);
  });
});
