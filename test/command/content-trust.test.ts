// The log-in of out to the notary server of content trust: scopes, credentials and refusals.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOut } from '../../src/command/out.ts';
import { authority, serverKeys } from '../support/certificates.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';
import type { RegistryAuth } from '../support/registry-auth.ts';
import { runCommand } from '../support/run-command.ts';

const repositoryKey = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'content-trust-'));
  writeFileSync(join(directory, 'image.tar'), await dockerArchive(await buildImage(), { layout: 'classic' }));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A put with a notary server that requires a log-in and has no collection. */
async function put(auth: RegistryAuth, trust: object, login: object = {}) {
  await using registry = await startRegistry();
  await using notary = await startRegistry({ tls: serverKeys.trusted, auth });
  const repository = `${registry.host}/team/app`;
  const contentTrust = { server: `https://${notary.host}`, repository_key: repositoryKey, ...trust };
  const source = { repository, tag: '1.0', ca_certs: [authority], content_trust: contentTrust, ...login };
  const result = await runCommand(runOut, {
    request: { source, params: { image: 'image.tar' } },
    directory,
  });
  const scopes = notary.requests
    .filter(({ path }) => path === '/token')
    .map(({ query }) => query.get('scope'));
  const users = notary.tokens.map(({ user }) => user);
  const asked = notary.requests.map(({ path }) => path.replaceAll(repository, 'GUN'));
  return { ...result, repository, scopes, users, asked };
}

const credentials = { user: 'signer', password: 'signer password' };
const login = { username: 'signer', password: 'signer password' };

describe('the log-in to a notary server', () => {
  it('requests a token whose scope is the collection', async () => {
    const result = await put({ kind: 'bearer', credentials }, login);
    expect(result.scopes).toEqual([`repository:${result.repository}:push,pull`]);
    expect(result.users).toEqual(['signer']);
    expect(result.asked).toContain('/v2/GUN/_trust/tuf/root.json');
    expect(result.stderr).toContain('only a root key can begin one');
    expect(result.answer).toBeUndefined();
  });

  it.each([
    ['pull', 'pull', ''],
    ['catalog', 'catalog', ''],
    ['push', 'pull', 'content_trust.scopes is not pull, push,pull or catalog'],
  ])('requests for content_trust.scopes %s a token for %s', async (scopes, asked, warning) => {
    const result = await put({ kind: 'bearer', credentials }, { ...login, scopes });
    expect(result.scopes).toEqual([`repository:${result.repository}:${asked}`]);
    expect(result.stderr).toContain(warning);
  });

  it('uses username and password of the source if content_trust has neither', async () => {
    expect((await put({ kind: 'bearer', credentials }, {}, login)).users).toEqual(['signer']);
    const own = await put({ kind: 'bearer', credentials }, login, { username: 'x', password: 'y' });
    expect(own.users).toEqual(['signer']);
  });

  it('fails the put if it is refused, and does not log the password', async () => {
    const result = await put({ kind: 'bearer', credentials }, { ...login, password: 'wrong password' });
    expect(result.answer).toBeUndefined();
    expect(result.stderr).toMatch(/signing tag\(s\) 1\.0 failed.*UNAUTHORIZED/);
    expect(result.stderr).not.toContain('wrong password');
    expect(result.stderr).not.toContain(repositoryKey.split('\n')[1]);
  });
});
