// Logging in to registries that ask for it late, in several ways, or again: through the executables.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ReceivedRequest } from '../support/exchange.ts';
import { dockerArchive } from '../support/image-files.ts';
import { type Image, seed } from '../support/images.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { errorReply, jsonReply, type Reply } from '../support/reply.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { staticImage } from '../support/test-images.ts';

const basic = `Basic ${btoa('user:hidden-password')}`;
const login = { username: 'user', password: 'hidden-password' };

/** A registry with an image under `1.0`, in front of which `refuse` may answer a request; `/token` issues `t1`, `t2`, … */
async function registryOf(
  refuse: (request: ReceivedRequest) => Reply | undefined,
  token?: (request: ReceivedRequest) => Reply,
) {
  let tokens = 0;
  const registry = await registryForTest({
    beside: (request) => {
      if (request.path === '/token') {
        tokens += 1;
        return token?.(request) ?? jsonReply(200, { token: `t${tokens}` });
      }
      return refuse(request);
    },
  });
  const image = await staticImage();
  seed(registry, 'team/app', '1.0', image);
  return { registry, image, repository: `${registry.host}/team/app` };
}

function challenge(lines: (realm: string) => string | string[]) {
  return ({ headers }: ReceivedRequest): Reply => ({
    status: 401,
    headers: { 'www-authenticate': lines(`http://${headers.host}/token`) },
  });
}

const bearer = challenge((realm) => `Bearer realm="${realm}",service="reg",scope="repository:team/app:pull"`);
const hasToken = ({ headers }: ReceivedRequest) => headers.authorization?.startsWith('Bearer t') === true;

async function check(source: object) {
  return await runExecutable('check', { request: { source } });
}

async function get(source: object, { digest }: Image, environment = {}) {
  return await runExecutable('in', {
    request: { source, version: { tag: '1.0', digest } },
    directory: await temporaryDirectory(),
    environment: { TEST: 'true', ...environment },
  });
}

async function put(source: object, image: Image) {
  const directory = await temporaryDirectory();
  writeFileSync(join(directory, 'image.tar'), await dockerArchive(image, { layout: 'compressed' }));
  return await runExecutable('out', {
    request: { source: { tag: '2.0', ...source }, params: { image: 'image.tar' } },
    directory,
  });
}

describe('a registry that is open to pings and asks for a token later', () => {
  const late = (request: ReceivedRequest) =>
    request.path === '/v2/' || hasToken(request) ? undefined : bearer(request);

  it.each([
    ['anonymously', {}, '-'],
    ['with a password', login, basic],
  ])('is checked by tag and by list, read and written %s', async (_name, credentials, authorization) => {
    const { registry, image, repository } = await registryOf(late);
    const source = { repository, ...credentials };
    const results = [
      await check({ ...source, tag: '1.0' }),
      await check({ ...source, tag_regex: '.*' }),
      await get(source, image),
      await put(source, image),
    ];
    expect(results.map(({ status, stderr }) => (status === 0 ? 'done' : stderr))).toEqual(
      Array(4).fill('done'),
    );
    const queries = registry.journal.select({ path: '/token' });
    expect(new Set(queries.map(({ headers }) => headers.authorization ?? '-'))).toEqual(
      new Set([authorization]),
    );
    // One for each command.
    expect(queries).toHaveLength(4);
  });

  it('is written when only writing asks for a token', async () => {
    const { image, repository } = await registryOf((request) =>
      ['GET', 'HEAD'].includes(request.method) ? undefined : late(request),
    );
    expect(await put({ repository, ...login }, image)).toMatchObject({ status: 0 });
  });
});

it.each([
  [
    'Basic before Bearer in one line',
    (realm: string) => `Basic realm="registry", Bearer realm="${realm}",service="s"`,
  ],
  [
    'Negotiate before Bearer in one line',
    (realm: string) => `Negotiate, Bearer realm="${realm}",service="s"`,
  ],
  ['NTLM before Bearer in one line', (realm: string) => `NTLM TlRM==, Bearer realm="${realm}",service="s"`],
  [
    'Basic before Bearer in two lines',
    (realm: string) => ['Basic realm="registry"', `Bearer realm="${realm}",service="s"`],
  ],
])('a registry that offers %s and accepts only tokens gets one', async (_name, lines) => {
  const refuse = challenge(lines);
  const { repository } = await registryOf((request) => (hasToken(request) ? undefined : refuse(request)));
  expect(await check({ repository, tag: '1.0', ...login })).toMatchObject({ status: 0 });
});

it('a registry that wants a token for reading and the password for writing gets both', async () => {
  const { image, repository } = await registryOf((request) => {
    const reads = ['GET', 'HEAD'].includes(request.method);
    if (reads ? hasToken(request) : request.headers.authorization === basic) {
      return undefined;
    }
    return reads ? bearer(request) : challenge(() => 'Basic realm="harbor"')(request);
  });
  expect(await put({ repository, ...login }, image)).toMatchObject({ status: 0 });
});

it('a token server that issues no token for two scopes is asked for the one of the challenge', async () => {
  const scope = 'repository:org/team/app:pull';
  const { repository } = await registryOf(
    (request) => {
      if (request.path !== '/v2/' && request.headers.authorization === 'Bearer good') {
        return undefined;
      }
      const named = request.path === '/v2/' ? 'repository:user/image:pull' : scope;
      return challenge((realm) => `Bearer realm="${realm}",service="s",scope="${named}"`)(request);
    },
    ({ query }) => {
      const scopes = query.getAll('scope');
      return scopes.length > 1
        ? { status: 403 }
        : jsonReply(200, { token: scopes[0] === scope ? 'good' : 'narrow' });
    },
  );
  expect(await check({ repository, tag: '1.0', ...login })).toMatchObject({ status: 0 });
});

describe('a refresh token that the token server refuses', () => {
  it.each([405, 401, 403, 400, 501])('by %i is followed by the password', async (status) => {
    const uses = new Map<string, number>();
    let issued = 0;
    const { image, repository } = await registryOf(
      (request) => {
        const { authorization = '' } = request.headers;
        uses.set(authorization, (uses.get(authorization) ?? 0) + 1);
        return hasToken(request) && (uses.get(authorization) ?? 0) <= 3 ? undefined : bearer(request);
      },
      ({ method }) => {
        issued += 1;
        return method === 'POST' ? { status } : jsonReply(200, { token: `t${issued}`, refresh_token: 'r' });
      },
    );
    expect(await put({ repository, ...login }, image)).toMatchObject({ status: 0 });
  });

  it('as an identity token beside a password is followed by the password', async () => {
    const { registry, repository } = await registryOf(
      (request) => (hasToken(request) ? undefined : bearer(request)),
      ({ method, headers }) =>
        method === 'GET' && headers.authorization === basic
          ? jsonReply(200, { token: 't' })
          : { status: 405 },
    );
    const auth = btoa('user:hidden-password');
    const docker_config = { auths: { [registry.host]: { auth, identitytoken: 'r' } } };
    expect(
      await check({ repository, tag: '1.0', docker_config: JSON.stringify(docker_config) }),
    ).toMatchObject({ status: 0 });
  });
});

describe('a password of a credential helper that expires with a 403', () => {
  async function expiring(limit: number) {
    let accepted = 0;
    const { registry, image, repository } = await registryOf(({ path, headers }) => {
      if (path === '/v2/' || headers.authorization === `Basic ${btoa('user:second')}`) {
        return undefined;
      }
      accepted += 1;
      return headers.authorization === `Basic ${btoa('user:first-one')}` && accepted <= limit
        ? undefined
        : errorReply(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.');
    });
    const directory = await temporaryDirectory();
    const asked = join(directory, 'asked');
    const secret = `if [ -e ${asked} ]; then echo second; else touch ${asked}; echo first-one; fi`;
    const program = join(directory, 'docker-credential-turns');
    writeFileSync(
      program,
      `#!/bin/sh\ncat >/dev/null\necho '{"Username":"user","Secret":"'$(${secret})'"}'\n`,
    );
    chmodSync(program, 0o755);
    const docker_config = JSON.stringify({ credHelpers: { [registry.host]: 'turns' } });
    const environment = { PATH: `${directory}:${process.env.PATH ?? ''}` };
    return { image, source: { repository, docker_config }, environment };
  }

  it('is read again in the middle of a get', async () => {
    const { image, source, environment } = await expiring(2);
    expect(await get(source, image, environment)).toMatchObject({ status: 0 });
  });

  it('is not read again when it is refused from the start', async () => {
    const { image, source, environment } = await expiring(0);
    const { status, stderr } = await get(source, image, environment);
    expect(status).toBe(1);
    expect(stderr).toContain('has expired');
  });
});
