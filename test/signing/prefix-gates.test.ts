// Which policy of the settings file applies to a repository.
import { expect, it } from 'vitest';
import { parseRepository } from '../../src/oci/reference.ts';
import { policyFor } from '../../src/signing/prefix-gates.ts';
import { readVerificationPolicy } from '../../src/signing/verification-policy.ts';
import { createKey } from '../support/signatures.ts';

const policyWith = (name: string) =>
  readVerificationPolicy(
    { keys: [createKey().publicPem], threshold: '', mode: '', annotations: { name } },
    'verify',
  );
const policies = ['a.test', 'a.test/team', 'a.test/team/app', 'index.docker.io/library'].map((prefix) => ({
  prefix,
  policy: policyWith(prefix),
}));

it.each([
  ['a.test/other', 'a.test'],
  ['a.test/team', 'a.test/team'],
  ['a.test/team/tool', 'a.test/team'],
  ['a.test/team/app/debug', 'a.test/team/app'],
  ['a.test/team/application', 'a.test/team'],
  ['a.test/teams/app', 'a.test'],
  ['busybox', 'index.docker.io/library'],
  ['b.test/team', undefined],
  ['a.test:5000/team', undefined],
  ['docker.io/team/app', undefined],
])('for %s it is that of %s', (repository, prefix) => {
  expect(policyFor(parseRepository(repository), policies)?.annotations.name).toBe(prefix);
});
