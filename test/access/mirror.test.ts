// Which repository on a mirror stands in for one on the registry that it mirrors.
import { expect, it } from 'vitest';
import { mirrorRepository } from '../../src/access/mirror.ts';
import { UserError } from '../../src/errors.ts';
import { parseRepository, repositoryName } from '../../src/oci/reference.ts';

const mirrored = (repository: string, host: string, servedRegistry = '') => {
  const found = mirrorRepository(parseRepository(repository), { host, servedRegistry });
  return found && repositoryName(found);
};

it.each([
  // repository, host of the mirror, for, repository on the mirror
  ['busybox', 'mirror.test', '', 'mirror.test/library/busybox'],
  ['team/app', 'mirror.test:5000', '', 'mirror.test:5000/team/app'],
  ['docker.io/busybox', 'mirror.test', 'docker.io', 'mirror.test/library/busybox'],
  ['busybox', 'mirror.test', 'index.docker.io', 'mirror.test/library/busybox'],
  ['busybox', 'mirror.test', 'ghcr.io', undefined],
  ['registry-1.docker.io/busybox', 'mirror.test', '', undefined],
  ['ghcr.io/team/app', 'mirror.test', '', undefined],
  ['ghcr.io/team/app', 'mirror.test', 'ghcr.io', 'mirror.test/team/app'],
  ['ghcr.io/team/app', 'mirror.test', 'docker.io', undefined],
  ['ghcr.io/team/app', 'localhost', 'ghcr.io', 'localhost/team/app'],
  ['10.0.0.1:5000/team/app', '10.0.0.2:5000', '10.0.0.1:5000', '10.0.0.2:5000/team/app'],
  ['10.0.0.1:5000/team/app', '10.0.0.2:5000', '10.0.0.1', undefined],
  // As upstream: these are Docker Hub itself, and a namespace there.
  ['busybox', '', '', 'index.docker.io/library/busybox'],
  ['busybox', 'docker.io', '', 'index.docker.io/library/busybox'],
  ['busybox', 'mirror', '', 'index.docker.io/mirror/library/busybox'],
])('%s with the mirror %j for %j: %s', (repository, host, servedRegistry, expected) => {
  expect(mirrored(repository, host, servedRegistry)).toBe(expected);
});

it.each([
  ['busybox', 'https://mirror.test', '', /host or host:port/],
  ['busybox', 'mirror.test/path', '', /host or host:port/],
  ['busybox', 'a b', '', /could not resolve .* registry_mirror\.host/],
  ['busybox', 'https:', '', /could not resolve .* registry_mirror\.host/],
  ['busybox', ':5000', '', /could not resolve .* registry_mirror\.host/],
  ['busybox', 'user@mirror', '', /could not resolve .* registry_mirror\.host/],
  ['busybox', 'g?r.example', '', /could not resolve .* registry_mirror\.host/],
  ['ghcr.io/team/app', 'mirror', 'ghcr.io', /registry_mirror\.host is not/],
  ['ghcr.io/team/app', '', 'ghcr.io', /registry_mirror\.host is not/],
  ['busybox', 'mirror.test', 'ghcr', /registry_mirror\.for is not/],
  ['busybox', 'mirror.test', 'https://ghcr.io', /registry_mirror\.for is not/],
])('%s with the mirror %j for %j is an error', (repository, host, servedRegistry, message) => {
  expect(() => mirrored(repository, host, servedRegistry)).toThrow(UserError);
  expect(() => mirrored(repository, host, servedRegistry)).toThrow(message);
});
