// Where an identity token comes from, and which one is refused before anything is sent; none is ever quoted.
import { expect, it } from 'vitest';
import { secretsOfToken, type TokenEnvironment, tokenSource } from '../../src/signing/identity-token.ts';
import { identityToken } from '../support/sigstore-server.ts';

const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
const token = identityToken(identity);
const other = identityToken({ ...identity, subject: 'https://ci.test/other' });
const github = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://actions.test/token?api-version=2.0',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
};
const from = (configured: string, environment: TokenEnvironment = {}) =>
  tokenSource(configured, environment, 'identity_token', Date.now());
const claims = (more: object) => identityToken(identity, more);

it.each<[string, string, TokenEnvironment, object]>([
  ['the settings', `${token}\n`, { SIGSTORE_ID_TOKEN: other, ...github }, { token: { token, ...identity } }],
  ['SIGSTORE_ID_TOKEN', '', { SIGSTORE_ID_TOKEN: token, ...github }, { token: { token, ...identity } }],
  [
    'GitHub Actions',
    '',
    github,
    { url: github.ACTIONS_ID_TOKEN_REQUEST_URL, authorization: 'request-token' },
  ],
])('comes from %s', (_, configured, environment, expected) => {
  expect(from(configured, environment)).toMatchObject(expected);
});

it.each([
  ['the e-mail address of a person', { email: 'me@example.com', email_verified: true }, 'me@example.com'],
  ['an e-mail address without a word about it', { email: 'me@example.com' }, 'me@example.com'],
  ['else the subject', { email: '' }, identity.subject],
])('names %s', (_, more, subject) => {
  expect(from(claims(more))).toMatchObject({ token: { subject } });
});

it('tells the secrets', () => {
  expect(secretsOfToken(from(token))).toEqual([token]);
  expect(secretsOfToken(from('', github))).toEqual(['request-token']);
});

it.each<[string, string, TokenEnvironment, RegExp]>([
  ['nothing is set', '', {}, /^identity_token is missing$/],
  ['only a half of GitHub Actions', '', { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://a.test' }, /is missing$/],
  ['no token', 'secret-secret', {}, /^identity_token is no identity token$/],
  ['three parts that are no JSON', 'secret.secret.secret', {}, /^identity_token is no identity token$/],
  ['no issuer', claims({ iss: undefined }), {}, /^identity_token is no identity token$/],
  ['no subject', claims({ sub: '' }), {}, /^identity_token is no identity token$/],
  ['one of the environment', '', { SIGSTORE_ID_TOKEN: 'secret' }, /^SIGSTORE_ID_TOKEN is no identity token$/],
  ['an address that is not verified', claims({ email: 'a@b.c', email_verified: false }), {}, /not verified$/],
  [
    'one that has expired',
    claims({ exp: 1_700_000_000 }),
    {},
    /^identity_token expired at 2023-11-14T22:13:20/,
  ],
  [
    'an endpoint in clear text',
    '',
    { ...github, ACTIONS_ID_TOKEN_REQUEST_URL: 'http://actions.test/secret' },
    /^ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL/,
  ],
])('fails for %s', (_, configured, environment, message) => {
  expect(() => from(configured, environment)).toThrow(message);
  expect(() => from(configured, environment)).toThrow(
    expect.objectContaining({ message: expect.not.stringMatching(/secret-secret|secret\.secret|eyJ/) }),
  );
});
