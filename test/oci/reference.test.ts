// Names that no repository can have, and what makes them so; test/vectors/reference.test.ts has the valid ones.
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
  checkAddressable,
  digestReference,
  parseRepository,
  repositoryName,
  tagReference,
} from '../../src/oci/reference.ts';

const failureOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) {
      return { message: error.message, code: error.code, facts: error.facts, hint: error.hint };
    }
  }
  throw new Error('the name was accepted');
};

describe('parseRepository', () => {
  it.each([
    ['', 'REPOSITORY_EMPTY', 'a repository name must be specified'],
    ['registry.test/team/app:1.0', 'REPOSITORY_WITH_TAG', 'can only contain the characters'],
    ['registry.test/team/app@sha256:00', 'REPOSITORY_WITH_TAG', 'can only contain the characters'],
    ['busybox:1.36', 'REPOSITORY_WITH_TAG', 'can only contain the characters'],
    ['registry.test:5000', 'REPOSITORY_WITHOUT_PATH', 'can only contain the characters'],
    ['localhost:5000', 'REPOSITORY_WITHOUT_PATH', 'can only contain the characters'],
    ['https://registry.test/Team/App', 'REPOSITORY_URL', 'can only contain the characters'],
  ])('refuses %j by the code %s', (name, code, message) => {
    const failure = failureOf(() => parseRepository(name));
    expect(failure).toMatchObject({ code, hint: undefined });
    expect(failure.message).toContain(message);
  });

  it.each([
    ['registry.test/Team/App', 'repository names are lower-case: registry.test/team/app'],
    ['registry.test/team/my app', 'remove what a name cannot have'],
    ['a', 'write the whole name'],
    ['a b.test/team/app', 'host or host:port'],
  ])('refuses %j with a hint', (name, hint) => {
    expect(failureOf(() => parseRepository(name)).hint).toContain(hint);
  });

  it.each([
    'user:secret@registry.test/team/app',
    'user:secret@registry.test',
    'user:secret@reg istry.test/app',
    'user:secret@registry.test/Team/App',
    'user:se/cr@secret@registry.test/app',
    'user:secret:secret@registry.test/app',
    'user:secret@registry.test/app@sha256:00',
    'user:secret\n@registry.test/app',
    'https://user:secret@registry.test/team/app',
    'https://user:se/secret@registry.test/team/app',
    'https://secret@registry.test/team/app',
    'HTTP:/user:secret@registry.test/team/app',
    'secret@registry.test/app',
  ])('shows nothing that is in front of an @ in %j', (name) => {
    const failure = failureOf(() => checkAddressable(parseRepository(name), name));
    expect(JSON.stringify(failure)).not.toContain('secret');
    expect(failure.message).toContain('xxxxx@');
  });

  it('points out a user and password in front of the registry', () => {
    for (const name of ['user:pw@registry.test/team/app', 'https://user:pw@registry.test/team/app']) {
      expect(failureOf(() => parseRepository(name)).code).toBe('REPOSITORY_WITH_USER');
    }
  });
});

describe('checkAddressable', () => {
  const check = (name: string) => checkAddressable(parseRepository(name), name);

  it.each([
    ['https://registry.test/team/app', 'is a URL'],
    ['docker://registry.test/team/app', 'is a URL'],
    ['http:/registry.test/team/app', 'is a URL'],
    [':5000/team/app', 'names no registry host'],
    ['./team/app', 'names no registry host'],
    ['registry.test/team//app', 'has an empty, "." or ".." part'],
    ['registry.test/../app', 'has an empty, "." or ".." part'],
  ])('refuses %j', (name, message) => {
    expect(failureOf(() => check(name)).message).toContain(message);
  });

  it('suggests the name without its scheme', () => {
    expect(failureOf(() => check('docker://registry.test/team/app'))).toMatchObject({
      code: 'REPOSITORY_URL',
      facts: { suggestion: 'registry.test/team/app' },
    });
  });
});

it('writes a repository, a tag and a digest in their canonical form', () => {
  const repository = parseRepository('busybox');
  const digest = `sha256:${'0'.repeat(64)}` as const;
  expect(repositoryName(repository)).toBe('index.docker.io/library/busybox');
  expect(tagReference(repository, '1.0')).toBe('index.docker.io/library/busybox:1.0');
  expect(digestReference(repository, digest)).toBe(`index.docker.io/library/busybox@${digest}`);
});
