// Credentials of a Docker config over time: a file is read again, a helper is run again after a minute.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { askDockerHelper } from '../../src/credentials/docker-helper.ts';
import { dockerConfigSource } from '../../src/credentials/docker-login.ts';
import type { DockerConfigOrigin } from '../../src/credentials/login.ts';
import { errorText } from '../../src/errors.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { recordedLog } from '../support/test-session.ts';

function surroundingsOf(environment: Record<string, string> = {}) {
  const secrets: string[] = [];
  return {
    clock: createFakeClock(),
    environment,
    log: recordedLog(),
    addSecret: (secret: string) => {
      secrets.push(secret);
    },
    secrets,
  };
}

const config = (password: string) =>
  JSON.stringify({ auths: { 'registry.test': { username: 'user', password } } });

it('reads the file again for every request of credentials', async () => {
  const file = join(await temporaryDirectory(), 'config.json');
  const surroundings = surroundingsOf();
  const source = dockerConfigSource(file, 'registry.test', surroundings);
  await writeFile(file, config('first'));
  expect(await source.credentials()).toEqual({ username: 'user', password: 'first' });
  await writeFile(file, config('second'));
  expect(await source.credentials()).toEqual({ username: 'user', password: 'second' });
  expect(surroundings.secrets).toEqual(expect.arrayContaining(['first', 'second']));
});

it('runs a helper again after a minute', async () => {
  const directory = await temporaryDirectory();
  const program = join(directory, 'docker-credential-count');
  const asked = join(directory, 'asked');
  const body = `echo x >> ${asked}; echo '{"Username":"user","Secret":"'$(wc -l < ${asked} | tr -d ' ')'"}'`;
  await writeFile(program, `#!/bin/sh\ncat > /dev/null\n${body}\n`);
  await chmod(program, 0o755);
  const surroundings = surroundingsOf({ PATH: `${directory}:/usr/bin:/bin` });
  const source = dockerConfigSource('{"credsStore":"count"}', 'registry.test', surroundings);
  expect((await source.credentials())?.password).toBe('1');
  await surroundings.clock.sleep(59_000);
  expect((await source.credentials())?.password).toBe('1');
  await surroundings.clock.sleep(1_000);
  expect((await source.credentials())?.password).toBe('2');
  expect(await readFile(asked, 'utf8')).toBe('x\nx\n');
  expect(surroundings.secrets).toEqual(expect.arrayContaining(['1', '2']));
});

it('warns once of a registry without a log-in, and names those that have one', async () => {
  const surroundings = surroundingsOf();
  const source = dockerConfigSource(config('secret'), 'other.test', surroundings);
  expect(await source.credentials()).toBeUndefined();
  expect(await source.credentials()).toBeUndefined();
  const line = 'docker_config has no log-in for other.test, only for registry.test: it is asked anonymously';
  expect(surroundings.log.text.split(line)).toHaveLength(2);
  expect(surroundings.log.text).toContain('WARN');
});

it.each([
  ['a line feed after the password', { username: 'user', password: 'topsecret\n' }, 'the password for'],
  ['a line feed in auth', { auth: Buffer.from('user:topsecret\n').toString('base64') }, 'the password for'],
  ['a space in front of an identity token', { identitytoken: ' topsecret' }, 'the identityToken for'],
])('warns once of %s, and sends it as it is', async (_, entry, message) => {
  const surroundings = surroundingsOf();
  const document = JSON.stringify({ auths: { 'registry.test': entry } });
  const source = dockerConfigSource(document, 'registry.test', surroundings);
  const credentials = await source.credentials();
  expect(credentials?.identityToken ?? credentials?.password).toMatch(/^ topsecret$|^topsecret\n$/);
  await source.credentials();
  expect(surroundings.log.text.split('WARN')).toHaveLength(2);
  expect(surroundings.log.text).toContain(`docker_config: ${message} registry.test`);
  expect(surroundings.log.text).not.toContain('topsecret');
});

it('ends a helper that runs too long, and says so', async () => {
  const directory = await temporaryDirectory();
  const program = join(directory, 'docker-credential-slow');
  await writeFile(program, "#!/bin/sh\ntrap '' TERM\nexec sleep 100\n");
  await chmod(program, 0o755);
  const environment = { PATH: `${directory}:/usr/bin:/bin` };
  await expect(
    askDockerHelper('slow', 'registry.test', {
      configName: 'source.docker_config',
      environment,
      timeout: 50,
    }),
  ).rejects.toThrow(
    'docker-credential-slow returned no log-in for registry.test (no end within 0.05 seconds)',
  );
});

it.each<[string, string]>([
  ['{', 'cannot be used: it is not JSON'],
  ['{"auths":[]}', 'cannot be used: auths in it is not an object'],
  [
    '{"auths":{"registry.test":{"auth":"?"}}}',
    'cannot be used: auth of its entry for registry.test is not the base64',
  ],
  ['{"credsStore":"no-such"}', 'asks for docker-credential-no-such, which is not on the PATH'],
  ['{"credsStore":"../x"}', 'names a credential helper "../x"'],
])('names where %j comes from when it is of no use', async (document, message) => {
  const file = join(await temporaryDirectory(), 'config.json');
  await writeFile(file, document);
  const failureOf = async (dockerConfig: string, origin: DockerConfigOrigin) => {
    const source = dockerConfigSource(dockerConfig, 'registry.test', surroundingsOf(), origin);
    return errorText(await source.credentials().catch((error: unknown) => error));
  };
  expect(await failureOf(document, 'source')).toContain(`source.docker_config ${message}`);
  expect(await failureOf(document, 'settings')).toContain(`docker_config in the settings file ${message}`);
  expect(await failureOf(file, 'user')).toContain(`${file} ${message}`);
});

it.each<[DockerConfigOrigin, string]>([
  ['source', 'source.docker_config names "FILE", which cannot be read: ENOENT'],
  ['settings', 'docker_config in the settings file names "FILE", which cannot be read: ENOENT'],
  ['user', 'FILE cannot be read: ENOENT'],
])('names a file that is gone, with origin %s', async (origin, message) => {
  const file = join(await temporaryDirectory(), 'config.json');
  const source = dockerConfigSource(file, 'registry.test', surroundingsOf(), origin);
  const error = await source.credentials().catch((caught: unknown) => caught);
  expect(errorText(error).replace(file, 'FILE')).toContain(message);
});
