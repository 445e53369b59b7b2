// What counts as secret: of the source, the environment, and each request.
import { describe, expect, it } from 'vitest';
import { decodeOutRequest } from '../../src/request/request.ts';
import { secretsOfEnvironment, secretsOfRequest, secretsOfSource } from '../../src/request/secrets.ts';

const filled = (secrets: readonly string[]) => [...new Set(secrets.filter((secret) => secret !== ''))];

it('passwords of source and mirror are; names are not', () => {
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

describe('passwords of proxies are', () => {
  it.each<[string, string[]]>([
    ['http://user:pass%40word@proxy.test:3128', ['pass%40word', 'pass@word']],
    ['user:plain@proxy.test', ['plain']],
    ['http://user:with:colon@proxy.test', ['with:colon']],
    ['http://user@proxy.test:3128', []],
    ['http://proxy.test:3128', []],
    ['proxy.test:3128', []],
  ])('%s', (proxy, expected) => {
    expect(filled(secretsOfEnvironment({ HTTPS_PROXY: proxy }))).toEqual(expected);
    expect(filled(secretsOfEnvironment({ http_proxy: proxy }))).toEqual(expected);
  });
});

describe('of a request', () => {
  const signed =
    'https://store.test/blob?X-Sig=0123456789abcdef%2F0123&scope=repository:team/image:pull,push&n=1000';

  it.each<[string, string, Record<string, string>, string[]]>([
    ['the credentials are', 'https://r.test/v2/', { authorization: 'Bearer token.of.it' }, ['token.of.it']],
    ['Basic ones too', 'https://r.test/v2/', { authorization: 'Basic dTpw' }, ['dTpw']],
    ['nothing is without them', 'https://r.test/v2/', {}, []],
    [
      'a signature is, what the protocol defines is not',
      signed,
      {},
      ['0123456789abcdef%2F0123', '0123456789abcdef/0123'],
    ],
    ['a password in a URL is', 'https://user:pa%20ss@r.test/', {}, ['pa%20ss', 'pa ss']],
  ])('%s', (_name, url, headers, expected) => {
    expect(filled(secretsOfRequest({ url, headers }))).toEqual(expected);
  });
});
