// Which policy of the settings file applies to a repository.
import { expect, it } from 'vitest';
import { parseRepository } from '../../src/oci/reference.ts';
import { policyFor } from '../../src/signing/prefix-gates.ts';
import { readVerificationPolicy } from '../../src/signing/verification-policy.ts';
import { createKey, verifySettings } from '../support/signatures.ts';

const policyWith = (name: string) =>
  readVerificationPolicy(verifySettings({ keys: [createKey().publicPem], annotations: { name } }), 'verify');
const prefixes = [
  'a.test',
  'a.test/team',
  'a.test/team/app',
  'index.docker.io/library',
  'B.test:443',
  '[::1]:5000',
];
const policies = await Promise.all(
  prefixes.map(async (prefix) => ({ prefix, policy: await policyWith(prefix) })),
);

it.each([
  ['a.test/other', 'a.test'],
  ['a.test/team', 'a.test/team'],
  ['a.test/team/tool', 'a.test/team'],
  ['a.test/team/app/debug', 'a.test/team/app'],
  ['a.test/team/application', 'a.test/team'],
  ['a.test/teams/app', 'a.test'],
  ['busybox', 'index.docker.io/library'],
  ['c.test/team', undefined],
  ['a.test:5000/team', undefined],
  ['docker.io/team/app', undefined],
  ['A.Test/team/tool', 'a.test/team'],
  ['a.test:443/team/tool', 'a.test/team'],
  ['a.test:80/team/tool', 'a.test/team'],
  ['a.test./team/tool', 'a.test/team'],
  ['A.TEST.:443/team/app', 'a.test/team/app'],
  ['\uff41.test/team/tool', 'a.test/team'],
  ['registry-1.docker.io/library/busybox', 'index.docker.io/library'],
  ['docker.io:443/library/busybox', 'index.docker.io/library'],
  ['b.test/team', 'B.test:443'],
  ['[0:0::1]:5000/team', '[::1]:5000'],
])('for %s it is that of %s', (repository, prefix) => {
  expect(policyFor(parseRepository(repository), policies)?.annotations.name).toBe(prefix);
});
