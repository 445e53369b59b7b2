import { describe, expect, it, test } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { hintFor } from '../../src/process/hints.ts';
import { checkRealm, parseTokenResponse, rescope, tokenRequest } from '../../src/transport/token.ts';

const owner = { registry: 'reg.example.com', pingScheme: 'https' } as const;
const local = { registry: '127.0.0.1:5000', pingScheme: 'http' } as const;

function bearer(realm: string, others: Record<string, string> = {}) {
  return { scheme: 'bearer', parameters: { realm, ...others } };
}

function failureOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return `${errorText(error)} ${hintFor(error)}`;
  }
  throw new Error('nothing was thrown');
}

describe('checkRealm', () => {
  it.each([
    ['https://auth.example.com/token', owner],
    ['https://reg.example.com/token', owner],
    ['HTTPS://auth.example.com/token', owner],
    ['http://auth.example.com/token', local],
    ['http://127.0.0.1:5000/token', local],
    ['http://localhost:5001/token', local],
    ['https://8.8.8.8/token', owner],
  ])('allows %s', (realm, registry) => {
    expect(() => checkRealm(realm, registry)).not.toThrow();
  });

  it.each([
    ['http://auth.example.com/token', owner],
    ['http://reg.example.com/token', owner],
    ['ftp://auth.example.com/token', owner],
    ['file:///etc/passwd', owner],
    ['//auth.example.com/token', owner],
    ['/token', owner],
    ['', owner],
    ['https://127.0.0.1:5000@10.0.0.1/token', local],
    ['http://127.0.0.1:5001/token', local],
    ['https://localhost/token', owner],
    ['https://auth.localhost:5001/token', owner],
    ['https://metadata.google.internal/token', owner],
    ['https://100.64.0.1/token', owner],
    ['https://[64:ff9b::7f00:1]/token', owner],
    ['https://[::127.0.0.1]/token', owner],
    ['http://127.0.0.1/token', local],
    ['https://[::1]/token', owner],
    ['https://[::ffff:169.254.169.254]/latest', owner],
    ['https://0x7f.1/token', owner],
    ['https://2852039166/latest', owner],
    ['https://169.254.169.254\\@auth.example.com/', owner],
    ['https://auth.example.com\\@10.0.0.1/', owner],
  ])('refuses %j', (realm, registry) => {
    expect(() => checkRealm(realm, registry)).toThrow(/refers to .* for a token: /);
  });

  it('shows no secret of a refused realm', () => {
    const text = failureOf(() => checkRealm('http://u:s3cr3t@auth.example.com/?key=s3cr3t', owner));
    expect(text).toContain('auth.example.com');
    expect(text).not.toContain('s3cr3t');
  });
});

describe('tokenRequest', () => {
  const refresh = {
    ...owner,
    challenge: bearer('https://robot:p%40ss@auth.example.com/token?x=1', { service: 'reg' }),
    scopes: ['repository:a/b:pull', 'repository:c/d:pull'],
    refreshToken: 'R+1',
  };

  it('is a form with all scopes when there is a refresh token', () => {
    const { method, url, headers, body } = tokenRequest(refresh);
    expect({ method, url, type: headers['content-type'] }).toEqual({
      method: 'POST',
      url: 'https://robot:p%40ss@auth.example.com/token?x=1',
      type: 'application/x-www-form-urlencoded',
    });
    expect(body).toBe(
      'client_id=registry-image-resource&grant_type=refresh_token&refresh_token=R%2B1' +
        '&scope=repository%3Aa%2Fb%3Apull+repository%3Ac%2Fd%3Apull&service=reg',
    );
  });

  it('has no credentials beside a refresh token, and no empty service', () => {
    const credentials = { username: 'user', password: 'pass' };
    const challenge = bearer('https://auth.example.com/');
    const { headers, body } = tokenRequest({ ...refresh, challenge, credentials });
    expect(headers).not.toHaveProperty('authorization');
    expect(body).not.toContain('service');
  });

  it('decodes the user info of a realm', () => {
    const { headers } = tokenRequest({ ...refresh, refreshToken: undefined });
    expect(headers.authorization).toBe(`Basic ${Buffer.from('robot:p@ss').toString('base64')}`);
  });

  it('keeps the fragment of a realm in the URL', () => {
    const challenge = bearer('https://auth.example.com/token#part');
    expect(tokenRequest({ ...owner, challenge, scopes: ['s'] }).url).toBe(
      'https://auth.example.com/token?scope=s&service=#part',
    );
  });

  it('uses the scheme of the session when the realm is the registry itself', () => {
    const challenge = bearer('https://127.0.0.1:5000/token');
    expect(tokenRequest({ ...local, challenge, scopes: [] }).url).toBe(
      'http://127.0.0.1:5000/token?service=',
    );
  });

  it('names the registry whose challenge has no realm', () => {
    const challenge = { scheme: 'bearer', parameters: {} };
    expect(failureOf(() => tokenRequest({ ...owner, challenge, scopes: [] }))).toContain('reg.example.com');
  });
});

describe('parseTokenResponse', () => {
  it.each([
    ['{"token":"T"}', { token: 'T' }],
    ['{"token":"T","access_token":"A"}', { token: 'A' }],
    ['{"token":"T","access_token":""}', { token: 'T' }],
    ['{"Access_Token":"A"}', { token: 'A' }],
    ['{"token":"T","access_token":null,"expires_in":"300"}', { token: 'T' }],
    ['{"token":"T","refresh_token":"R"}', { token: 'T', refreshToken: 'R' }],
    ['{"token":"T","refresh_token":""}', { token: 'T' }],
  ])('reads %s', (body, answer) => {
    expect(parseTokenResponse(Buffer.from(body), 'https://auth/')).toEqual(answer);
  });

  it.each([
    ['{"tokens":"s3cr3t","expires_in":1}', 'only "tokens", "expires_in"'],
    ['{"token":["s3cr3t"]}', 'only "token"'],
    ['{"refresh_token":"s3cr3t"}', 'only "refresh_token"'],
    ['{}', 'only nothing'],
    ['"s3cr3t"', 'not a JSON object'],
    ['s3cr3t', 'not JSON'],
    ['{"token":"s3cr3t"} x', 'not JSON'],
  ])('refuses %s, without its values in the error', (body, reason) => {
    const text = failureOf(() => parseTokenResponse(Buffer.from(body), 'https://auth/?a=s3cr3t'));
    expect(text).toContain(reason);
    expect(text).not.toContain('s3cr3t');
  });
});

test.each([
  [['a', 'b'], undefined, ['a', 'b']],
  [['a', 'b'], 'c', ['c', 'a', 'b']],
  [['a', 'b'], 'b', ['a', 'b']],
  [[], 'c', ['c']],
])('scopes %j and a challenge for %j become %j', (scopes, challenged, all) => {
  expect(rescope(scopes, challenged)).toEqual(all);
});
