// The log-in to Azure Container Registry: the cloud, the tenant, the exchange, and a password that is renewed in time.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acrLogin } from '../../src/credentials/acr.ts';
import { azureCloud, challengeTenant, tokenExpiry } from '../../src/credentials/acr-cloud.ts';
import { discoverTenant, exchangeToken } from '../../src/credentials/acr-exchange.ts';
import type { CredentialSurroundings } from '../../src/credentials/credential-source.ts';
import { errorText } from '../../src/errors.ts';
import type { HttpClient } from '../../src/transport/http-client.ts';
import { acrTenant, startAcr, unsignedToken } from '../support/acr.ts';
import { authority, serverKeys } from '../support/certificates.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { loginSettings } from '../support/login-settings.ts';
import { azureToken, startEntra } from '../support/metadata-servers.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { errorReply, jsonReply, type Reply } from '../support/reply.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { recordedLog, testClient, trusting } from '../support/test-session.ts';

describe('challengeTenant', () => {
  it.each<[string, string, string]>([
    ['up to the quote', 'Bearer realm="https://r.azurecr.io/oauth2/token?tenant=t-1",service="r"', 't-1'],
    [
      'that is common without a tenant',
      'Bearer realm="https://r.azurecr.io/oauth2/token",service="r"',
      'common',
    ],
    ['that is common without a header', '', 'common'],
    ['that is common in a challenge of another scheme', 'Basic realm="https://r?tenant=t-1"', 'common'],
    ['up to the next parameter', 'Bearer realm="https://r/?a=b&tenant=t-2&c=d"', 't-2'],
    ['without a realm', 'Bearer tenant=t-3', 't-3'],
    ['that is common instead of an empty one', 'Bearer realm="https://r/?tenant=",service="r"', 'common'],
  ])('returns the tenant %s', (_case, header, tenant) => {
    expect(challengeTenant(header)).toBe(tenant);
  });
});

describe('azureCloud', () => {
  it.each<[string, string, string, string]>([
    ['r.azurecr.io', '', 'management.azure.com', 'login.microsoftonline.com'],
    ['r.azurecr.us', '', 'management.usgovcloudapi.net', 'login.microsoftonline.us'],
    ['r.azurecr.cn', '', 'management.chinacloudapi.cn', 'login.chinacloudapi.cn'],
    ['R.AZURECR.US', '', 'management.usgovcloudapi.net', 'login.microsoftonline.us'],
    ['r.azurecr.cn:443', '', 'management.chinacloudapi.cn', 'login.chinacloudapi.cn'],
    ['registry.test', '', 'management.azure.com', 'login.microsoftonline.com'],
    ['registry.test', 'AzureChina', 'management.chinacloudapi.cn', 'login.chinacloudapi.cn'],
    ['registry.test', 'AzureGovernment', 'management.usgovcloudapi.net', 'login.microsoftonline.us'],
    ['r.azurecr.us', 'AzureMoon', 'management.usgovcloudapi.net', 'login.microsoftonline.us'],
    ['r.azurecr.us', 'AzurePublic', 'management.azure.com', 'login.microsoftonline.com'],
    ['r.azurecr.io', 'AzureGovernment', 'management.usgovcloudapi.net', 'login.microsoftonline.us'],
    ['r.azurecr.io', 'AzureChina', 'management.chinacloudapi.cn', 'login.chinacloudapi.cn'],
    ['r.azurecr.cn', 'AzureGovernment', 'management.usgovcloudapi.net', 'login.microsoftonline.us'],
  ])('returns for %s with azure_environment %j the cloud of %s', (host, environment, scope, login) => {
    expect(azureCloud(host, environment)).toEqual({
      scope: `https://${scope}/.default`,
      authority: `https://${login}/`,
    });
  });
});

describe('discoverTenant', () => {
  it.each<[string, Reply, string]>([
    ['from the challenge', challenge('Bearer realm="https://r/?tenant=t-1"'), 't-1'],
    ['common when the challenge has none', challenge('Bearer realm="https://r/"'), 'common'],
    ['common when there is no challenge', { status: 200, headers: tenantHeader }, 'common'],
    ['common when the registry fails', { status: 500, headers: tenantHeader }, 'common'],
  ])('returns the tenant %s', async (_case, reply, tenant) => {
    await using server = await startRecordingServer({ answer: () => reply });
    expect(await discoverTenant(testClient(), server.url)).toBe(tenant);
    expect(server.journal.requests).toMatchObject([{ method: 'GET', path: '/v2/', authorized: false }]);
  });

  it.each<[string, string[], string]>([
    ['the tenant of a registry that ca_certs verifies', [authority], acrTenant],
    ['common for a registry that no root verifies', [], 'common'],
    ['common for a registry that another root does not verify', [serverKeys.selfSigned.cert], 'common'],
  ])('returns %s', async (_case, roots, tenant) => {
    await using acr = await startAcr({ accepts: azureToken, tls: serverKeys.trusted });
    const client = testClient({ trustRoots: trusting(...roots) });
    expect(await discoverTenant(client, acr.url)).toBe(tenant);
    const parameters = { origin: acr.url, registry: acr.host, tenant: acrTenant, accessToken: azureToken };
    const exchanged = await exchangeToken(client, parameters).catch(errorText);
    expect(exchanged === acr.refreshToken).toBe(tenant === acrTenant);
  });
});

describe('exchangeToken', () => {
  const exchangeAt = async (reply: Reply) => {
    await using server = await startRecordingServer({ answer: () => reply });
    const parameters = {
      origin: server.url,
      registry: server.host,
      tenant: 't',
      accessToken: 'topsecret+/=',
    };
    return await exchangeToken(testClient(), parameters).catch((error: unknown) => errorText(error));
  };

  it('sends a form and returns the refresh token', async () => {
    await using acr = await startAcr({ accepts: 'topsecret+/=' });
    const parameters = {
      origin: acr.url,
      registry: acr.host,
      tenant: acrTenant,
      accessToken: 'topsecret+/=',
    };
    expect(await exchangeToken(testClient(), parameters)).toBe(acr.refreshToken);
    expect(Object.fromEntries(acr.exchanges[0] ?? [])).toEqual({
      grant_type: 'access_token',
      service: acr.host,
      tenant: acrTenant,
      access_token: 'topsecret+/=',
    });
  });

  it('fails with the status and the body of a refusal, in which the token is redacted', async () => {
    const text = await exchangeAt(errorReply(401, 'UNAUTHORIZED', 'no topsecret+/= here'));
    expect(text).toContain('status 401');
    expect(text).toContain('no [token] here');
    expect(text).not.toContain('topsecret');
  });

  it('quotes at most 4 KiB of a body', async () => {
    const text = await exchangeAt({ status: 500, body: 'x'.repeat(5000) });
    expect(text.match(/x{10,}/)?.[0]).toHaveLength(4096);
  });

  it.each<[Reply, RegExp]>([
    [{ status: 200, body: '{"refresh_token": "topsecret' }, /decode/],
    [{ status: 200, body: '' }, /decode/],
    [jsonReply(200, {}), /no refresh_token/],
    [jsonReply(200, { refresh_token: '' }), /no refresh_token/],
    [jsonReply(200, ['topsecret']), /no refresh_token/],
  ])('fails for the response %j without quoting it', async (reply, message) => {
    const text = await exchangeAt(reply);
    expect(text).toMatch(message);
    expect(text).not.toContain('topsecret');
  });
});

it.each<[string, number | undefined]>([
  [unsignedToken('a', 1000), 1_000_000],
  ['opaque', undefined],
  ['a.b.c', undefined],
  [`x.${Buffer.from('{"exp":"soon"}').toString('base64url')}.y`, undefined],
  [`x.${Buffer.from('null').toString('base64url')}.y`, undefined],
])('tokenExpiry returns for the token %s %s', (token, expiry) => {
  expect(tokenExpiry(token)).toBe(expiry);
});

describe('acrLogin', () => {
  it('keeps its password and renews it before it expires', async () => {
    const clock = createFakeClock();
    const hour = 3_600_000;
    let issued = 0;
    await using entra = await startEntra(serverKeys.trusted, { assertion: 'pod', token: azureToken });
    await using registry = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: () => {
        issued += 1;
        return jsonReply(200, { refresh_token: unsignedToken(`n${issued}`, (clock.now() + hour) / 1000) });
      },
    });
    const secrets: string[] = [];
    const surroundings = {
      ...(await workload(entra.url)),
      clock,
      addSecret: (secret: string) => secrets.push(secret),
    };
    const settings = {
      ...loginSettings,
      repository: `${registry.host}/app`,
      azureAcr: true,
      azureTenantId: 't',
    };
    const { credentials, repository } = await acrLogin(settings, surroundings);
    expect(repository).toBe(`${registry.host}/app`);
    const first = await credentials.credentials();
    expect(first?.username).toBe('00000000-0000-0000-0000-000000000000');
    await clock.sleep(hour / 2);
    expect(await credentials.credentials()).toEqual(first);
    await clock.sleep(hour / 2);
    const second = await credentials.credentials();
    expect(second?.password).not.toBe(first?.password);
    expect(issued).toBe(2);
    expect(secrets).toEqual(expect.arrayContaining([azureToken, 'pod', first?.password, second?.password]));
  });

  it.each([
    ['posts its identity token over https even with insecure', {}, {}],
    ['posts it over https with insecure when only the ping fails', {}, { status: 500 }],
    ['posts it over https with insecure for the tenant that is set', { azureTenantId: acrTenant }, {}],
  ])('%s', async (_name, settings, ping) => {
    await using entra = await startEntra(serverKeys.trusted, { assertion: 'pod', token: azureToken });
    const requests: string[] = [];
    await using registry = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: ({ method, path }) => {
        requests.push(`${method} ${path}`);
        return method === 'GET' ? { status: 401, ...ping } : jsonReply(200, { refresh_token: 'topsecret' });
      },
    });
    const repository = `${registry.host}/app`;
    const { credentials } = await acrLogin(
      { ...loginSettings, repository, azureAcr: true, insecure: true, ...settings },
      { ...(await workload(entra.url)), addSecret: () => {} },
    );
    expect(await credentials.credentials()).toMatchObject({ password: 'topsecret' });
    expect(requests.at(-1)).toBe('POST /oauth2/exchange');
    expect(registry.failedHandshakes).toBe(0);
  });

  it('posts its identity token over http only with insecure', async () => {
    await using entra = await startEntra(serverKeys.trusted, { assertion: 'pod', token: azureToken });
    const surroundings = { ...(await workload(entra.url)), addSecret: () => {} };
    await using acr = await startAcr({ accepts: azureToken });
    const settings = { ...loginSettings, repository: `${acr.host}/app`, azureAcr: true };
    await expect(acrLogin({ ...settings, insecure: false }, surroundings)).rejects.toThrow(/ACR/);
    expect(acr.requests).toEqual([]);
    const { credentials } = await acrLogin({ ...settings, insecure: true }, surroundings);
    expect(await credentials.credentials()).toMatchObject({ password: acr.refreshToken });
  });

  it.each([
    ['client', { AZURE_TENANT_ID: 't' }],
    ['tenant', { AZURE_CLIENT_ID: 'c' }],
  ])('fails for a workload without a %s id and names it', async (missing, environment) => {
    const file = { AZURE_FEDERATED_TOKEN_FILE: '/nowhere' };
    const { log, clock, trustRoots } = await workload('https://login.test');
    const client: HttpClient = {
      send: async () => Promise.reject(new Error('asked')),
      close: async () => {},
    };
    const surroundings = { log, clock, trustRoots, client, addSecret: () => {} };
    const settings = { ...loginSettings, repository: 'r.azurecr.io/app', azureAcr: true };
    const login = acrLogin(settings, { ...surroundings, environment: { ...file, ...environment } });
    await expect(login.catch(errorText)).resolves.toContain(`but no ${missing} id`);
  });
});

const tenantHeader = { 'www-authenticate': 'Bearer realm="https://r/?tenant=t-1"' };

function challenge(header: string): Reply {
  return { status: 401, headers: { 'www-authenticate': header } };
}

/** Surroundings of a pod with workload identity. */
async function workload(authorityHost: string): Promise<CredentialSurroundings> {
  const file = join(await temporaryDirectory(), 'token');
  await writeFile(file, 'pod');
  return {
    environment: {
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_AUTHORITY_HOST: `${authorityHost}/`,
      AZURE_CLIENT_ID: 'client',
      AZURE_TENANT_ID: acrTenant,
    },
    clock: createFakeClock(),
    log: recordedLog(),
    client: testClient(),
    trustRoots: trusting(authority),
    addSecret: () => {},
  };
}
