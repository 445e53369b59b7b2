// Log-in with docker_config with the executables: documents, files, identity tokens and credential helpers.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildImage, seed } from '../support/images.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import type { RegistryAuth } from '../support/registry-auth.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const credentials = { user: 'user', password: 'topsecret' };
const auth = Buffer.from('user:topsecret').toString('base64');
const image = await buildImage();

async function start(access: RegistryAuth): Promise<TestRegistry> {
  const registry = await startRegistry({ auth: access });
  seed(registry, 'app', 'latest', image);
  return registry;
}

async function check(registry: TestRegistry, source: object, environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = await runExecutable('check', {
    request: { source: { repository: `${registry.host}/app`, tag: 'latest', ...source } },
    environment: { TEST: 'true', ...environment },
  });
  expect(stderr).not.toContain('topsecret');
  expect(stderr).not.toContain(auth);
  return { stderr, versions: status === 0 ? (JSON.parse(stdout) as unknown[]) : undefined };
}

/** Installs a credential helper `docker-credential-test` that records what it is asked. */
async function installHelper(body: string): Promise<{ PATH: string; asked: string }> {
  const directory = await temporaryDirectory();
  const program = join(directory, 'docker-credential-test');
  const asked = join(directory, 'asked');
  await writeFile(program, `#!/bin/sh\n{ echo "$1"; cat; } >> ${asked}\n${body}\n`);
  await chmod(program, 0o755);
  return { PATH: `${directory}:/usr/bin:/bin`, asked };
}

describe('the auths of docker_config', () => {
  it.each<[string, (host: string) => unknown]>([
    ['an object', (host) => ({ auths: { [host]: { auth } }, unknown_key: 1 })],
    ['a JSON string', (host) => JSON.stringify({ auths: { [host]: { auth } } })],
    ['username and password', (host) => ({ auths: { [host]: { username: 'user', password: 'topsecret' } } })],
  ])('logs in with %s in auths', async (_case, document) => {
    for (const kind of ['basic', 'bearer'] as const) {
      await using registry = await start(kind === 'basic' ? { kind, ...credentials } : { kind, credentials });
      const { versions, stderr } = await check(registry, { docker_config: document(registry.host) });
      expect(versions, stderr).toHaveLength(1);
    }
  });

  it('logs in with a docker_config that is a file, or the directory of one', async () => {
    await using registry = await start({ kind: 'bearer', credentials });
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    for (const path of [directory, join(directory, 'config.json')]) {
      expect((await check(registry, { docker_config: path })).versions).toHaveLength(1);
    }
  });

  it('logs in with an identity token, which it sends to the token server as an OAuth 2 form', async () => {
    await using registry = await start({
      kind: 'bearer',
      credentials,
      identityTokens: ['topsecret-identity'],
    });
    const docker_config = { auths: { [registry.host]: { identitytoken: 'topsecret-identity' } } };
    expect((await check(registry, { docker_config })).versions).toHaveLength(1);
    expect(registry.tokens.map(({ by }) => by)).toEqual(['refresh token']);
  });

  it('uses username and password rather than docker_config', async () => {
    await using registry = await start({ kind: 'bearer', credentials });
    const wrong = { auths: { [registry.host]: { username: 'user', password: 'other' } } };
    const source = { username: 'user', password: 'topsecret', docker_config: wrong };
    expect((await check(registry, source)).versions).toHaveLength(1);
  });

  it('sends anonymous requests to a registry that is not in auths', async () => {
    await using registry = await start({ kind: 'bearer', credentials, anonymousPull: true });
    const docker_config = { auths: { 'other.test': { auth } } };
    const { versions, stderr } = await check(registry, { docker_config, debug: true });
    expect(versions).toHaveLength(1);
    expect(stderr).toContain(`docker_config has no log-in for ${registry.host}`);
    expect(registry.tokens.map(({ by }) => by)).toEqual(['nothing']);
  });
});

describe('a credential helper', () => {
  const answer = (username: string, secret: string) =>
    `echo '${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}'`;

  it('asks a credential helper of credHelpers or credsStore once for the registry', async () => {
    await using registry = await start({ kind: 'bearer', credentials });
    for (const docker_config of [{ credHelpers: { [registry.host]: 'test' } }, { credsStore: 'test' }]) {
      const { PATH, asked } = await installHelper(answer('user', 'topsecret'));
      const { versions, stderr } = await check(registry, { docker_config }, { PATH });
      expect(versions, stderr).toHaveLength(1);
      expect(await readFile(asked, 'utf8')).toBe(`get\n${registry.host}`);
    }
  });

  it('logs in with an identity token of a credential helper', async () => {
    await using registry = await start({
      kind: 'bearer',
      credentials,
      identityTokens: ['topsecret-identity'],
    });
    const { PATH } = await installHelper(answer('<token>', 'topsecret-identity'));
    expect(
      (await check(registry, { docker_config: { credsStore: 'test' } }, { PATH })).versions,
    ).toHaveLength(1);
  });

  it('sends anonymous requests if a credential helper has no log-in', async () => {
    await using registry = await start({ kind: 'bearer', credentials, anonymousPull: true });
    const { PATH } = await installHelper('echo credentials not found in native keychain; exit 1');
    expect(
      (await check(registry, { docker_config: { credsStore: 'test' } }, { PATH })).versions,
    ).toHaveLength(1);
  });

  it.each<[string, string, string[]]>([
    [
      'fails',
      'echo no session bus; exit 3',
      ['docker-credential-test returned no log-in', '(exit code 3)', 'no session bus'],
    ],
    ['reports an error', 'echo locked >&2; exit 1', ['docker-credential-test returned no log-in', 'locked']],
    ['returns no JSON', 'echo topsecret', ['the output of docker-credential-test has no log-in']],
    ['is killed', 'kill -9 $$', ['docker-credential-test returned no log-in', '(ended by SIGKILL)']],
    ['returns no secret', 'echo "{}"', ['the output of docker-credential-test has no log-in']],
  ])('names a credential helper that %s', async (_case, body, said) => {
    await using registry = await start({ kind: 'bearer', credentials });
    const { PATH } = await installHelper(body);
    const { versions, stderr } = await check(registry, { docker_config: { credsStore: 'test' } }, { PATH });
    expect(versions).toBeUndefined();
    for (const text of said) {
      expect(stderr).toContain(text);
    }
  });

  it('names a credential helper that does not exist, with a hint', async () => {
    await using registry = await start({ kind: 'bearer', credentials });
    const { versions, stderr } = await check(registry, { docker_config: { credsStore: 'absent' } });
    expect(versions).toBeUndefined();
    expect(stderr).toContain('docker-credential-absent, which is not on the PATH');
    expect(stderr).toContain('or put the log-in under auths');
  });

  it('does not run a credential helper whose name is a path', async () => {
    await using registry = await start({ kind: 'bearer', credentials });
    const { PATH, asked } = await installHelper('true');
    const directory = asked.replace(/\/asked$/, '');
    await mkdir(join(directory, 'docker-credential-'));
    const source = { docker_config: { credsStore: '/../docker-credential-test' } };
    const { stderr } = await check(registry, source, { PATH });
    expect(stderr).toContain('names a credential helper "/../docker-credential-test"');
  });
});

describe('a docker_config that cannot be used', () => {
  it.each<[string, unknown, string]>([
    ['a file that does not exist', '/nowhere/config.json', '"/nowhere/config.json", which cannot be read'],
    ['a document in base64', Buffer.from('{"auths":{}}').toString('base64'), 'neither a JSON object nor'],
    ['truncated JSON', '{"auths": {"a.test": {"auth": "topsecret', 'it is not JSON'],
    ['a list', [], 'cannot unmarshal list into field "source.docker_config" of type string or object'],
  ])('explains a docker_config that is %s', async (_case, docker_config, said) => {
    await using registry = await start({ kind: 'none' });
    const { versions, stderr } = await check(registry, { docker_config });
    expect(versions).toBeUndefined();
    expect(stderr).toContain(said);
    expect(stderr).not.toContain(Buffer.from('{"auths":{}}').toString('base64'));
  });
});
