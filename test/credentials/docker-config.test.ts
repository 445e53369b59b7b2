// What a config.json says about a registry: keys match as docker matches them, and no error quotes a secret.
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

describe('the entry of a registry', () => {
  const hubKey = 'https://index.docker.io/v1/';
  it.each<[string, string[], string, string | undefined]>([
    ['its host', ['registry.test'], 'registry.test', 'registry.test'],
    ['host and port', ['registry.test:5000'], 'registry.test:5000', 'registry.test:5000'],
    ['not another port', ['registry.test:5000'], 'registry.test', undefined],
    ['not a part of the name', ['registry.test'], 'my.registry.test', undefined],
    [
      'a key with scheme and path',
      ['https://registry.test/v2/'],
      'registry.test',
      'https://registry.test/v2/',
    ],
    ['a key with http', ['http://registry.test:5000'], 'registry.test:5000', 'http://registry.test:5000'],
    ['exactly before alike', ['https://registry.test', 'registry.test'], 'registry.test', 'registry.test'],
    ["Docker Hub's own key", [hubKey], 'index.docker.io', hubKey],
    ['Docker Hub, written shorter', ['docker.io'], 'index.docker.io', 'docker.io'],
    [
      'Docker Hub, version 2',
      ['https://index.docker.io/v2/'],
      'index.docker.io',
      'https://index.docker.io/v2/',
    ],
    ["Docker Hub's own key first", ['docker.io', hubKey], 'index.docker.io', hubKey],
    ['nobody', [], 'registry.test', undefined],
  ])('is that of %s', (_case, keys, registry, expected) => {
    const auths = Object.fromEntries(keys.map((key) => [key, { username: key, password: 'secret' }]));
    const login = findDockerLogin({ auths }, registry);
    expect(login?.kind === 'inline' ? login.key : login).toBe(expected);
  });

  it('comes after a helper for the registry, and that before the one for all', () => {
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

  it('asks helpers for Docker Hub by the address that docker uses', () => {
    const config = { credHelpers: { 'docker.io': 'hub' } };
    expect(findDockerLogin(config, 'index.docker.io')).toMatchObject({ serverAddress: hubKey });
  });

  it('is found whatever else the document holds', () => {
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

describe('the credentials of an entry', () => {
  it.each<[string, object, object | undefined]>([
    ['auth', { auth: base64('user:secret') }, { username: 'user', password: 'secret' }],
    ['a password with colons', { auth: base64('user:a:b:c') }, { username: 'user', password: 'a:b:c' }],
    [
      'NUL behind the password',
      { auth: base64('user:secret\0\0') },
      { username: 'user', password: 'secret' },
    ],
    [
      'letters of all languages',
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
    ['nothing, as helpers leave it', {}, undefined],
    ['nulls', { auth: null, username: null }, undefined],
  ])('are %s', (_case, entry, expected) => {
    expect(entryCredentials('registry.test', { ...entry })).toEqual(expected);
  });

  it.each<[string, object]>([
    ['auth that is not base64', { auth: 'user:topsecret' }],
    ['auth without a colon', { auth: base64('topsecret') }],
    ['auth of another type', { auth: ['topsecret'] }],
    ['a password of another type', { username: 'user', password: { topsecret: 'topsecret' } }],
    ['nothing but a registry token', { registrytoken: 'topsecret' }],
  ])('with %s are an error that names the registry and not the secret', (_case, entry) => {
    const message = messageOf(() => entryCredentials('registry.test', { ...entry }));
    expect(message).toMatch(/^source\.docker_config can not be used: .*registry\.test/);
    expect(message).not.toContain('topsecret');
    expect(message).not.toContain(base64('topsecret'));
  });
});

it.each(['{"auths": {"r": {"auth": "topsecret', '"topsecret"', '[]', 'null', ''])(
  'a document that is none (%j) is an error that does not quote it',
  (text) => {
    const message = messageOf(() => parseDockerConfig(text));
    expect(message).toMatch(/^source\.docker_config can not be used: it is not (JSON|a JSON object)$/);
  },
);

it.each<[object, RegExp]>([
  [{ auths: [] }, /auths in it is not an object/],
  [{ auths: { 'registry.test': 'topsecret' } }, /entry for registry\.test is not an object/],
  [{ credHelpers: { 'registry.test': 1 } }, /name of a credential helper/],
  [{ credsStore: {} }, /name of a credential helper/],
])('members of another type are named: %j', (config, pattern) => {
  expect(messageOf(() => findDockerLogin({ ...config }, 'registry.test'))).toMatch(pattern);
});

it('every form of a secret counts as one', () => {
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
