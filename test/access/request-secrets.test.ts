// Which strings in an HTTP request are redacted from all output.
import { describe, expect, it } from 'vitest';
import { secretsOfRequest } from '../../src/access/request-secrets.ts';

describe('the secrets of an HTTP request', () => {
  const signed =
    'https://store.test/blob?X-Sig=0123456789abcdef%2F0123&scope=repository:team/image:pull,push&n=1000';

  it.each<[string, string, Record<string, string>, string[], string[]]>([
    [
      'contain the token of a Bearer header',
      'https://r.test/v2/',
      { authorization: 'Bearer token.of.it' },
      [],
      ['token.of.it'],
    ],
    [
      'contain the credentials of a Basic header',
      'https://r.test/v2/',
      { authorization: 'Basic dTpw' },
      ['dTpw'],
      [],
    ],
    ['are none without a header and a query', 'https://r.test/v2/', {}, [], []],
    [
      'contain a signature in the query, but no parameter of the protocol',
      signed,
      {},
      [],
      ['0123456789abcdef%2F0123', '0123456789abcdef/0123'],
    ],
    ['contain a password in the URL', 'https://user:pa%20ss@r.test/', {}, [], ['pa%20ss', 'pa ss']],
  ])('%s', (_name, url, headers, ofUser, ofServer) => {
    const secrets = secretsOfRequest({ url, headers });
    expect(secrets.ofUser).toEqual(ofUser);
    expect([...new Set(secrets.ofServer.filter((secret) => secret !== ''))]).toEqual(ofServer);
  });
});
