// A real docker-registry starts in each kind and authorizes the right clients.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authority } from './certificates.ts';
import { runProgram } from './child-process.ts';
import { describeServices } from './describe-services.ts';
import { passwordUser, startDockerRegistry } from './docker-registry.ts';
import { writeOciLayout } from './image-files.ts';
import { plainRequest } from './plain-client.ts';
import { basicHeader } from './registry-auth.ts';
import { staticImage } from './test-images.ts';
import { startTokenServer } from './token-server.ts';

describeServices(['docker-registry'], 'docker-registry', () => {
  it('serves every client when it is anonymous', async () => {
    await using registry = await startDockerRegistry();
    expect((await plainRequest(`${registry.url}/v2/`)).status).toBe(200);
    const upload = await plainRequest(`${registry.url}/v2/app/blobs/uploads/`, { method: 'POST' });
    expect(upload.status).toBe(202);
  });

  it('authenticates its user over TLS', async () => {
    await using registry = await startDockerRegistry({ kind: 'password' });
    const ping = (password: string) =>
      plainRequest(`${registry.url}/v2/`, {
        ca: authority,
        headers: { authorization: basicHeader({ ...passwordUser, password }) },
      });
    expect((await ping(passwordUser.password)).status).toBe(200);
    expect((await ping('wrong')).status).toBe(401);
    expect((await plainRequest(`${registry.url}/v2/`)).error).toBeDefined();
  });

  it('refuses connections after it was closed', async () => {
    const registry = await startDockerRegistry();
    await registry.close();
    expect((await plainRequest(`${registry.url}/v2/`)).error).toBe('ECONNREFUSED');
  });
});

describeServices(['docker-registry', 'skopeo'], 'docker-registry with tokens', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokens-'));
    await writeOciLayout(join(folder, 'layout'), await staticImage());
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('accepts the tokens of the token server for the access that they grant', async () => {
    await using tokens = await startTokenServer([
      { credentials: passwordUser, repository: /team\/.+/, actions: ['pull', 'push'] },
      { repository: /team\/public/, actions: ['pull'] },
    ]);
    await using registry = await startDockerRegistry({ kind: 'token', realm: tokens.realm });
    const push = async (repository: string, password: string) => {
      const { status } = await runProgram('skopeo', [
        'copy',
        '-q',
        '--dest-tls-verify=false',
        '--dest-creds',
        `${passwordUser.user}:${password}`,
        `oci:${folder}/layout`,
        `docker://${registry.host}/${repository}:v1`,
      ]);
      return status;
    };
    const pull = async (repository: string) => {
      const remote = `docker://${registry.host}/${repository}:v1`;
      return (await runProgram('skopeo', ['inspect', '--tls-verify=false', '--raw', remote])).status;
    };
    expect(await push('team/public', passwordUser.password)).toBe(0);
    expect(await push('team/private', passwordUser.password)).toBe(0);
    expect(await push('team/public', 'wrong')).toBe(1);
    expect(await push('elsewhere/app', passwordUser.password)).toBe(1);
    expect(await pull('team/public')).toBe(0);
    expect(await pull('team/private')).toBe(1);
    expect(tokens.granted[0]).toEqual([{ repository: 'team/public', actions: ['pull', 'push'] }]);
  });
});
