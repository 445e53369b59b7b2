// The source of a request: what is changed before it is used.
import { expect, it } from 'vitest';
import { decodeCheckRequest } from '../../src/request/request.ts';

it.each([
  ['registry.test/team/app/', 'registry.test/team/app'],
  ['busybox/', 'busybox'],
  ['registry.test/team/app', 'registry.test/team/app'],
  ['registry.test/team//', 'registry.test/team/'],
  ['/', ''],
])('reads the repository %j as %j', (written, repository) => {
  const request = JSON.stringify({ source: { repository: written } });
  expect(decodeCheckRequest(request).source.repository).toBe(repository);
});
