// Credentials of a Docker config over time: a file is read again, a helper is run again after a minute.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dockerConfigSource } from '../../src/credentials/docker-login.ts';
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
