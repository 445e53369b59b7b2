// The collection of a repository on a notary server.
import { expect, it } from 'vitest';
import { collectionOf } from '../../src/notary/notary-server.ts';
import { parseRepository } from '../../src/oci/reference.ts';

it.each([
  ['busybox', undefined, 'notary.docker.io', 'docker.io/library/busybox'],
  ['team/app', undefined, 'notary.docker.io', 'docker.io/team/app'],
  ['team/app', 'notary.test', 'notary.test', 'index.docker.io/team/app'],
  ['registry.test:5000/team/app', undefined, 'registry.test:5000', 'registry.test:5000/team/app'],
  ['registry.test/team/app', 'notary.test:4443', 'notary.test:4443', 'registry.test/team/app'],
  ['registry.test/team/app', 'notary.docker.io', 'notary.docker.io', 'docker.io/team/app'],
])('has the collection of %s with the server %s on %s under the name %s', (name, server, registry, path) => {
  expect(collectionOf(parseRepository(name), server)).toEqual({ registry, path });
});
