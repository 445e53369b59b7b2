// Log-ins in a Docker config.json: keys match as in Docker, and no error quotes a secret.
import { describe, expect, it } from 'vitest';
import {
  entryCredentials,
  findDockerLogin,
  parseDockerConfig,
  secretsOfDockerConfig,
} from '../../src/credentials/docker-config.ts';
import { errorText } from '../../src/errors.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return errorText(error);
  }
  throw new Error('nothing was thrown');
}

describe('findDockerLogin', () => {
  const hubKey = 'https://index.docker.io/v1/';
  it.each<[string, string[], string, string | undefined]>([
    ['the host of the registry', ['registry.test'], 'registry.test', 'registry.test'],
    ['the host and port of the registry', ['registry.test:5000'], 'registry.test:5000', 'registry.test:5000'],
    ['no key with another port', ['registry.test:5000'], 'registry.test', undefined],
    ['no key that is only a part of the host', ['registry.test'], 'my.registry.test', undefined],
    [
      'a key with scheme and path',
      ['https://registry.test/v2/'],
      'registry.test',
      'https://registry.test/v2/',
    ],
    ['a key with http', ['http://registry.test:5000'], 'registry.test:5000', 'http://registry.test:5000'],
    [
      'an exact key before a similar one',
      ['https://registry.test', 'registry.test'],
      'registry.test',
      'registry.test',
    ],
    ['the key that Docker writes for Docker Hub', [hubKey], 'index.docker.io', hubKey],
    ['another name of Docker Hub', ['docker.io'], 'index.docker.io', 'docker.io'],
    [
      'a key for version 2 of Docker Hub',
      ['https://index.docker.io/v2/'],
      'index.docker.io',
      'https://index.docker.io/v2/',
    ],
    ['the key that Docker writes before another name', ['docker.io', hubKey], 'index.docker.io', hubKey],
    ['nothing in an empty document', [], 'registry.test', undefined],
  ])('finds %s', (_case, keys, registry, expected) => {
    const auths = Object.fromEntries(keys.map((key) => [key, { username: key, password: 'secret' }]));
    const login = findDockerLogin({ auths }, registry);
    expect(login?.kind === 'inline' ? login.key : login).toBe(expected);
  });

  it('prefers the helper of the registry to credsStore, and both to an entry of auths', () => {
    const auths = { 'registry.test': { auth: base64('user:secret') } };
    const credHelpers = { 'registry.test': 'own' };
    expect(findDockerLogin({ auths, credHelpers, credsStore: 'all' }, 'registry.test')).toEqual({
      kind: 'helper',
      helper: 'own',
      serverAddress: 'registry.test',
    });
    expect(findDockerLogin({ auths, credHelpers, credsStore: 'all' }, 'other.test')).toMatchObject({
      helper: 'all',
      serverAddress: 'other.test',
    });
    expect(findDockerLogin({ auths, credHelpers }, 'other.test')).toBeUndefined();
  });

  it('has the server address that Docker uses for Docker Hub', () => {
    const config = { credHelpers: { 'docker.io': 'hub' } };
    expect(findDockerLogin(config, 'index.docker.io')).toMatchObject({ serverAddress: hubKey });
  });

  it('ignores other members of the document', () => {
    const config = parseDockerConfig(
      JSON.stringify({
        psFormat: 'x',
        plugins: {},
        HttpHeaders: { a: 'b' },
        Auths: { 'a.test': { extra: 1 } },
      }),
    );
    expect(findDockerLogin(config, 'a.test')).toMatchObject({ key: 'a.test' });
  });
});

describe('entryCredentials', () => {
  it.each<[string, object, object | undefined]>([
    ['auth', { auth: base64('user:secret') }, { username: 'user', password: 'secret' }],
    ['a password with colons', { auth: base64('user:a:b:c') }, { username: 'user', password: 'a:b:c' }],
    [
      'a password padded with NUL bytes',
      { auth: base64('user:secret\0\0') },
      { username: 'user', password: 'secret' },
    ],
    [
      'letters of other scripts',
      { auth: base64('üser:pässword') },
      { username: 'üser', password: 'pässword' },
    ],
    [
      'username and password',
      { username: 'user', password: 'secret' },
      { username: 'user', password: 'secret' },
    ],
    [
      'auth before username and password',
      { auth: base64('user:secret'), username: 'other', password: 'other' },
      { username: 'user', password: 'secret' },
    ],
    ['an identity token alone', { identitytoken: 'id' }, { username: '', password: '', identityToken: 'id' }],
    [
      'an identity token beside a user',
      { auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 'id' },
      { username: '00000000-0000-0000-0000-000000000000', password: '', identityToken: 'id' },
    ],
    ['an empty entry, which Docker leaves for helpers', {}, undefined],
    ['nulls', { auth: null, username: null }, undefined],
  ])('reads %s', (_case, entry, expected) => {
    expect(entryCredentials('registry.test', { ...entry })).toEqual(expected);
  });

  it.each<[string, object]>([
    ['auth that is not base64', { auth: 'user:topsecret' }],
    ['auth without a colon', { auth: base64('topsecret') }],
    ['auth of another type', { auth: ['topsecret'] }],
    ['a password of another type', { username: 'user', password: { topsecret: 'topsecret' } }],
    ['only a registry token', { registrytoken: 'topsecret' }],
  ])('refuses %s with an error that names the registry and quotes no secret', (_case, entry) => {
    const message = messageOf(() => entryCredentials('registry.test', { ...entry }));
    expect(message).toMatch(/^.*its entry for registry\.test /);
    expect(message).not.toContain('topsecret');
    expect(message).not.toContain(base64('topsecret'));
  });
});

it.each(['{"auths": {"r": {"auth": "topsecret', '"topsecret"', '[]', 'null', ''])(
  'parseDockerConfig refuses %j without quoting it',
  (text) => {
    const message = messageOf(() => parseDockerConfig(text));
    expect(message).toMatch(/^it is not (JSON|a JSON object)$/);
  },
);

it.each<[object, RegExp]>([
  [{ auths: [] }, /auths in it is not an object/],
  [{ auths: { 'registry.test': 'topsecret' } }, /entry for registry\.test is not an object/],
  [{ credHelpers: { 'registry.test': 1 } }, /name of a credential helper/],
  [{ credsStore: {} }, /name of a credential helper/],
])('findDockerLogin names a member of a wrong type: %j', (config, pattern) => {
  expect(messageOf(() => findDockerLogin({ ...config }, 'registry.test'))).toMatch(pattern);
});

it('secretsOfDockerConfig returns the secrets encoded and decoded', () => {
  const secrets = secretsOfDockerConfig({
    auths: {
      'a.test': { auth: base64('user:from:auth') },
      'b.test': { username: 'user', password: 'plain' },
      'c.test': { identitytoken: 'identity', registrytoken: 'registry' },
      'd.test': null,
    },
  });
  expect(secrets.sort()).toEqual(
    [base64('user:from:auth'), 'from:auth', 'identity', 'plain', 'registry'].sort(),
  );
});
