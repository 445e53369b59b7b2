// The in-process registry authorizes the right clients and challenges the others.
import { afterEach, describe, expect, it } from 'vitest';
import { type PlainAnswer, plainRequest } from './plain-client.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { basicHeader, type RegistryAuth } from './registry-auth.ts';

const credentials = { user: 'tester', password: 'pa:ss' };
let registry: TestRegistry;

async function start(auth: RegistryAuth): Promise<void> {
  registry = await startRegistry({ auth });
  registry.putManifest('app', 'v1', 'text/plain', 'content');
}

function get(path: string, authorization?: string): Promise<PlainAnswer> {
  return plainRequest(`${registry.url}${path}`, authorization ? { headers: { authorization } } : {});
}

async function token(scope: string, authorization?: string): Promise<string> {
  const answer = await get(`/token?service=x&scope=${scope}`, authorization);
  expect(answer.status).toBe(200);
  return `Bearer ${JSON.parse(answer.body.toString()).token}`;
}

afterEach(async () => {
  await registry.close();
});

describe('a registry with Basic authentication', () => {
  it('accepts only the right credentials', async () => {
    await start({ kind: 'basic', ...credentials });
    const answers = await Promise.all([
      get('/v2/'),
      get('/v2/', basicHeader({ ...credentials, password: 'other' })),
      get('/v2/', basicHeader(credentials)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 200]);
    expect(answers[0]?.headers['www-authenticate']).toBe('Basic realm="test registry"');
    expect(registry.requests.map(({ authorized }) => authorized).sort()).toEqual([false, true, true]);
  });
});

describe('a registry with Bearer tokens', () => {
  it('challenges with its own realm and the missing scope', async () => {
    await start({ kind: 'bearer' });
    const realm = `Bearer realm="${registry.url}/token",service="test registry"`;
    expect((await get('/v2/')).headers['www-authenticate']).toBe(realm);
    const other = await token('repository:other:pull');
    expect((await get('/v2/app/manifests/v1', other)).headers['www-authenticate']).toBe(
      `${realm},scope="repository:app:pull",error="insufficient_scope"`,
    );
    expect((await get('/v2/app/manifests/v1', await token('repository:app:pull'))).status).toBe(200);
  });

  it('refuses to push with a token for pulling', async () => {
    await start({ kind: 'bearer' });
    const authorization = await token('repository:app:pull');
    const answer = await plainRequest(`${registry.url}/v2/app/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('scope="repository:app:pull,push"');
  });

  it('requires pull access to the source of a mount', async () => {
    await start({ kind: 'bearer' });
    const digest = registry.putBlob('source', 'content');
    const post = (authorization: string) =>
      plainRequest(`${registry.url}/v2/app/blobs/uploads/?mount=${digest}&from=source`, {
        method: 'POST',
        headers: { authorization },
      });
    expect((await post(await token('repository:app:pull,push'))).status).toBe(401);
    const both = 'repository:app:pull,push&scope=repository:source:pull';
    expect((await post(await token(both))).status).toBe(201);
  });

  it('issues tokens to its user, and to others for pulling if anonymousPull is set', async () => {
    await start({ kind: 'bearer', credentials });
    expect((await get('/token?scope=repository:app:pull')).status).toBe(401);
    const wrong = basicHeader({ user: 'tester', password: 'wrong' });
    expect((await get('/token?scope=repository:app:pull', wrong)).status).toBe(401);
    await token('repository:app:pull,push', basicHeader(credentials));
    expect(registry.tokens.map(({ user, by }) => [user, by])).toEqual([['tester', 'password']]);
    await registry.close();
    await start({ kind: 'bearer', credentials, anonymousPull: true });
    await token('repository:app:pull,push');
    expect(registry.tokens[0]?.granted).toEqual([{ repository: 'app', actions: ['pull'] }]);
  });

  it('refuses a token after its number of uses', async () => {
    await start({ kind: 'bearer', usesPerToken: 2 });
    const authorization = await token('repository:app:pull');
    const statuses: number[] = [];
    for (let request = 0; request < 3; request += 1) {
      statuses.push((await get('/v2/app/manifests/v1', authorization)).status);
    }
    expect(statuses).toEqual([200, 200, 401]);
  });

  it('accepts the refresh tokens that it has issued, by POST', async () => {
    await start({ kind: 'bearer', credentials, refreshTokens: true, tokenKey: 'access_token' });
    const post = (refresh: string) =>
      plainRequest(`${registry.url}/token`, {
        method: 'POST',
        body: `${new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh, scope: 'repository:app:pull' })}`,
      });
    const first = await get('/token?scope=repository:app:pull', basicHeader(credentials));
    const { refresh_token: refresh, access_token: access } = JSON.parse(first.body.toString());
    expect(access).toBe(registry.tokens[0]?.token);
    expect((await post('made up')).status).toBe(401);
    expect((await post(refresh)).status).toBe(200);
    expect(registry.tokens.map(({ by }) => by)).toEqual(['password', 'refresh token']);
  });

  it.each<[string, (server: { scheme: string; port: number }) => string, () => string]>([
    ['a relative realm', () => '/token', () => '/token'],
    [
      'a realm with another host name',
      ({ scheme, port }) => `${scheme}://localhost:${port}/token`,
      () => `http://${registry.otherHost}/token`,
    ],
  ])('challenges with %s', async (_name, realm, expected) => {
    await start({ kind: 'bearer', realm });
    expect((await get('/v2/')).headers['www-authenticate']).toContain(`realm="${expected()}"`);
  });
});
