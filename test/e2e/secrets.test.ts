// The executables log no secrets, also when they fail.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverKeys } from '../support/certificates.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, type Image } from '../support/images.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { type ExecutableName, runExecutable } from '../support/run.ts';
import { shownSecrets } from '../support/secret-forms.ts';
import { startTunnelProxy } from '../support/tunnel-proxy.ts';

const secrets = {
  username: 'leak-username/+=',
  password: 'leak-password/+= "é',
  token: 'leak-token.abcdefghijklmnop',
  proxyPassword: 'leak-proxy-password/+',
};

let folder: string;
let image: Image;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  image = await buildImage();
  await writeOciLayout(folder, image);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function output(name: ExecutableName, source: object, environment: Record<string, string> = {}) {
  const { username, password } = secrets;
  const { status, stdout, stderr } = await runExecutable(name, {
    request: {
      source: { tag: 'a', username, password, debug: true, ...source },
      ...(name === 'in' ? { version: { tag: 'a', digest: image.digest } } : {}),
    },
    directory: name === 'in' ? mkdtempSync(join(folder, 'get-')) : folder,
    environment: { TEST: 'true', ...environment },
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  return stderr;
}

describe.each(['check', 'in', 'out'] as const)('%s', (name) => {
  it('does not log a token that the registry sends back', async () => {
    await using server = await startRecordingServer({
      answer: ({ path, headers, method }) => {
        if (path === '/token') {
          return { status: 200, body: JSON.stringify({ token: secrets.token }) };
        }
        if (headers.authorization === undefined) {
          return {
            status: 401,
            headers: { 'www-authenticate': `Bearer realm="http://${headers.host}/token"` },
          };
        }
        // A response to HEAD has no body that could repeat the token.
        return method === 'HEAD' ? { status: 404 } : { status: 400, body: `no: ${JSON.stringify(headers)}` };
      },
    });
    const regex = name === 'check' ? { tag: '', tag_regex: 'a' } : {};
    const { username: _name, ...redacted } = secrets;
    const stderr = await output(name, { repository: `${server.host}/a/b`, ...regex });
    expect(stderr).toContain('Bearer REDACTED');
    expect(shownSecrets(stderr, redacted)).toEqual([]);
  });

  it('does not log the password of a proxy that refuses it', async () => {
    const credentials = { user: 'user', password: 'another password' };
    await using server = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: () => ({ status: 200 }),
    });
    await using proxy = await startTunnelProxy(server.port, { credentials });
    const url = new URL(proxy.url);
    url.password = encodeURIComponent(secrets.proxyPassword);
    const stderr = await output(name, { repository: 'registry.test/a/b' }, { HTTPS_PROXY: url.href });
    expect(proxy.targets).toContain('registry.test:443');
    expect(stderr).toContain('https://registry.test/v2/');
    expect(shownSecrets(stderr, secrets)).toEqual([]);
  });

  it('does not log the values of an invalid request', async () => {
    const stderr = await output(name, {
      repository: 'a/b',
      pasword: secrets.password,
      ca_certs: secrets.token,
    });
    expect(stderr).toContain('invalid payload');
    expect(shownSecrets(stderr, secrets)).toEqual([]);
  });
});
