// The secrets in a source and in the environment.
import { describe, expect, it } from 'vitest';
import { decodeOutRequest } from '../../src/request/request.ts';
import { secretsOfEnvironment, secretsOfSource } from '../../src/request/secrets.ts';

const filled = (secrets: readonly string[]) => [...new Set(secrets.filter((secret) => secret !== ''))];

it('takes passwords and keys of the source, its mirrors and content_trust for secrets, and no user names', () => {
  const { source } = decodeOutRequest(
    JSON.stringify({
      source: {
        repository: 'repository',
        username: 'user name',
        password: 'source password',
        registry_mirror: { host: 'mirror.test', username: 'mirror name', password: 'mirror password' },
      },
    }),
  );
  const trust = {
    server: 'server',
    repositoryKeyId: 'id',
    repositoryKey: 'key',
    repositoryPassphrase: 'passphrase',
    tlsKey: 'tls key',
    tlsCert: 'certificate',
    username: 'name',
    password: 'notary password',
    scopes: 'push',
    onFailure: 'fail',
  };
  const all = { ...source, awsSecretAccessKey: 'aws key', awsSessionToken: 'aws token', contentTrust: trust };
  expect(filled(secretsOfSource(all)).sort()).toEqual(
    [
      'source password',
      'mirror password',
      'aws key',
      'aws token',
      'key',
      'passphrase',
      'tls key',
      'notary password',
    ].sort(),
  );
});

it.each([
  ['user:pass@registry.test/app', ['pass']],
  ['https://user:pa/ss@registry.test/app', ['pa/ss']],
  ['registry.test/app@sha256:00', []],
])('takes the password in the repository %s for a secret', (repository, expected) => {
  const { source } = decodeOutRequest(JSON.stringify({ source: { repository } }));
  expect(filled(secretsOfSource(source))).toEqual(expected);
});

describe('secretsOfEnvironment', () => {
  it.each<[string, string[]]>([
    ['http://user:pass%40word@proxy.test:3128', ['pass%40word', 'pass@word']],
    ['user:plain@proxy.test', ['plain']],
    ['http://user:with:colon@proxy.test', ['with:colon']],
    ['http://user@proxy.test:3128', []],
    ['http://proxy.test:3128', []],
    ['proxy.test:3128', []],
  ])('finds the password in the proxy %s', (proxy, expected) => {
    expect(filled(secretsOfEnvironment({ HTTPS_PROXY: proxy }))).toEqual(expected);
    expect(filled(secretsOfEnvironment({ http_proxy: proxy }))).toEqual(expected);
  });
});
