// Which hint a user of the resource reads after a failure.
import { expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { hintFor } from '../../src/process/hints.ts';

it.each([
  ['REPOSITORY_EMPTY', 'set source.repository'],
  ['REPOSITORY_WITH_TAG', 'put the tag into source.tag'],
  ['REPOSITORY_URL', 'leave out the scheme'],
  ['MIRROR_HOST_WITH_PATH', 'leave out the scheme'],
  ['MIRROR_HOST_INVALID', 'a host without a dot needs its port'],
  ['MIRRORED_REGISTRY_INVALID', 'write it as in the repository'],
  ['DIGEST_MALFORMED', 'from an answer of check'],
  ['IMMUTABLE_TAG_CONFLICT', 'set params.on_conflict'],
  ['WINDOWS_ROOTFS', 'set params.format to oci or oci-layout'],
  ['IMMUTABLE_TAG_UNCLEAR', 'params.immutable_tags cannot work there'],
])('names the keys of the pipeline for the code %s', (code, hint) => {
  expect(hintFor(new UserError('outer', { cause: new UserError('inner', { code }) }))).toContain(hint);
});

it('fills the facts of an error into its hint', () => {
  const facts = { suggestion: 'registry.test/team/app' };
  expect(hintFor(new UserError('outer', { code: 'REPOSITORY_URL', facts }))).toContain(
    'leave out the scheme: write registry.test/team/app;',
  );
});

it('takes the hint nearest to the user, whether a code or the error itself has it', () => {
  const coded = new UserError('coded', { code: 'REPOSITORY_EMPTY' });
  const hinted = new UserError('hinted', { hint: 'own hint' });
  expect(hintFor(new UserError('outer', { hint: 'own hint', cause: coded }))).toBe('own hint');
  expect(hintFor(new UserError('outer', { code: 'REPOSITORY_URL', cause: hinted }))).toContain('scheme');
});

it('prefers what an error of the operating system explains, however deep it lies', () => {
  const cause = new UserError('write', { cause: Object.assign(new Error('x'), { code: 'ENOSPC' }) });
  expect(hintFor(new UserError('outer', { hint: 'own hint', cause }))).toContain('disk is full');
});

it('has no hint for an error without a hint and with a code that it does not know', () => {
  expect(hintFor(new UserError('outer', { code: 'SOMETHING_NEW' }))).toBeUndefined();
  expect(hintFor('no error')).toBeUndefined();
});
