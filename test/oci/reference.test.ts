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
      return { message: error.message, code: error.code, hint: error.hint };
    }
  }
  throw new Error('the name was accepted');
};

describe('parseRepository', () => {
  it.each([
    ['', 'REPOSITORY_EMPTY', 'a repository name must be specified'],
    ['registry.test/team/app:1.0', 'REPOSITORY_WITH_TAG', 'can only contain the characters'],
    ['registry.test/team/app@sha256:00', 'REPOSITORY_WITH_TAG', 'can only contain the characters'],
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

  it('shows no password of a registry with user and password in front', () => {
    const failure = failureOf(() => parseRepository('user:secret@reg istry.test/app'));
    expect(failure.message).not.toContain('secret');
  });
});

describe('checkAddressable', () => {
  const check = (name: string) => checkAddressable(parseRepository(name), name);

  it.each([
    ['https://registry.test/team/app', 'is a URL'],
    [':5000/team/app', 'names no registry host'],
    ['./team/app', 'names no registry host'],
    ['registry.test/team//app', 'has an empty, "." or ".." part'],
    ['registry.test/../app', 'has an empty, "." or ".." part'],
  ])('refuses %j', (name, message) => {
    expect(failureOf(() => check(name)).message).toContain(message);
  });

  it('marks a URL by a code, since the hint depends on how plain HTTP is configured', () => {
    expect(failureOf(() => check('http://registry.test/team/app')).code).toBe('REPOSITORY_URL');
  });
});

it('writes a repository, a tag and a digest in their canonical form', () => {
  const repository = parseRepository('busybox');
  const digest = `sha256:${'0'.repeat(64)}` as const;
  expect(repositoryName(repository)).toBe('index.docker.io/library/busybox');
  expect(tagReference(repository, '1.0')).toBe('index.docker.io/library/busybox:1.0');
  expect(digestReference(repository, digest)).toBe(`index.docker.io/library/busybox@${digest}`);
});
