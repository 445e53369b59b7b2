// A mirror stands in for Docker Hub and for nothing else.
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { parseRepository, repositoryText } from '../../src/oci/reference.ts';
import { mirrorRepository } from '../../src/registry/mirror.ts';

describe('the repository on a mirror', () => {
  it.each([
    ['busybox', 'mirror.example:5000', 'mirror.example:5000/library/busybox'],
    ['team/app', 'mirror.example:5000', 'mirror.example:5000/team/app'],
    ['index.docker.io/team/app', '127.0.0.1:1', '127.0.0.1:1/team/app'],
    ['docker.io/busybox', '[::1]:5000', '[::1]:5000/library/busybox'],
    ['busybox', 'index.docker.io', 'index.docker.io/library/busybox'],
    ['busybox', 'docker.io', 'index.docker.io/library/busybox'],
    ['busybox', '', 'index.docker.io/library/busybox'],
    ['busybox', 'localhost', 'localhost/library/busybox'],
    ['busybox', 'mirror', 'index.docker.io/mirror/library/busybox'],
  ])('of %s on %j is %s', (repository, host, expected) => {
    const mirror = mirrorRepository(parseRepository(repository), host);
    expect(mirror && repositoryText(mirror)).toBe(expected);
  });

  it.each([
    'ghcr.io/team/app',
    'localhost:5000/app',
    'registry-1.docker.io/library/busybox',
    'Docker.io/busybox',
  ])('of %s is none', (repository) => {
    expect(mirrorRepository(parseRepository(repository), 'mirror.example')).toBeUndefined();
  });

  it.each([
    'https://mirror.example',
    'mirror.example/path',
    'a b',
    'https:',
    ':5000',
    'user@mirror',
    'g?r.example',
  ])('on %j is an error', (host) => {
    const attempt = () => mirrorRepository(parseRepository('busybox'), host);
    expect(attempt).toThrow(/registry_mirror\.host/);
    expect(() => {
      try {
        attempt();
      } catch (error) {
        throw new Error(errorText(error));
      }
    }).toThrow(/registry_mirror\.host.*: ./);
  });
});
