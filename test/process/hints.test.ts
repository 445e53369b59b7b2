// Which hint a user of the resource reads after a failure.
import { expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { hintFor } from '../../src/process/hints.ts';
import { RegistryError } from '../../src/transport/registry-error.ts';

it.each([
  ['REPOSITORY_EMPTY', 'set source.repository'],
  ['REPOSITORY_WITH_TAG', 'put the tag into source.tag'],
  ['REPOSITORY_URL', 'leave out the scheme'],
  ['MIRROR_HOST_WITH_PATH', 'leave out the scheme'],
  ['MIRROR_HOST_INVALID', 'a host without a dot needs its port'],
  ['MIRRORED_REGISTRY_INVALID', 'write it as in the repository'],
  ['DIGEST_MALFORMED', 'from an answer of check'],
  ['IMMUTABLE_TAG_CONFLICT', 'set params.on_conflict'],
  ['DOCKER_CONFIG_INVALID', 'the path of such a file'],
  ['DOCKER_CONFIG_UNREADABLE', 'in the image of the resource type'],
  ['DOCKER_HELPER_MISSING', 'to the image of the resource type'],
  ['WINDOWS_ROOTFS', 'set params.format to oci or oci-layout'],
  ['IMMUTABLE_TAG_UNCLEAR', 'params.immutable_tags cannot work there'],
])('names the keys of the pipeline for the code %s', (code, hint) => {
  expect(hintFor(new UserError('outer', { cause: new UserError('inner', { code }) }))).toContain(hint);
});

it.each([
  ['DOCKER_CONFIG_INVALID', 'have `docker login` write it anew'],
  ['DOCKER_CONFIG_UNREADABLE', 'the absolute path of a config.json'],
  ['DOCKER_HELPER_MISSING', 'in the settings file'],
  ['ENOSPC', 'free space there'],
  ['EACCES', 'you may not do this'],
])('names neither worker nor source on the command line for the code %s', (code, hint) => {
  const shown = hintFor(new UserError('outer', { code }), 'command line');
  expect(shown).toContain(hint);
  expect(shown).not.toMatch(/worker|source|container/);
});

it.each<[code: string, pipeline: string, commandLine: string]>([
  ['CERTIFICATE_EXPIRED', 'the clock of the worker is wrong', 'the clock of this machine is wrong'],
  ['CERTIFICATE_UNTRUSTED', 'to ca_certs', 'to ca_certs in the settings file'],
  ['TLS_FAILED', '"insecure: true"', '"insecure: true" in the settings file'],
  ['HOST_UNREACHABLE', 'the network of the worker:', 'the network of this machine:'],
  ['CONNECTION_BROKEN', 'between the worker and the registry', 'between this machine and the registry'],
  ['PROXY_UNREACHABLE', 'NO_PROXY of the worker', 'NO_PROXY of this machine'],
])('has the words of each surface about a registry for the code %s', (code, pipeline, commandLine) => {
  const error = new AggregateError([new UserError('inner', { code })]);
  expect(hintFor(new UserError('outer', { cause: error }))).toMatch(
    new RegExp(`${pipeline}(?! in the settings)`),
  );
  expect(hintFor(error, 'command line')).toContain(commandLine);
});

it('has the words of each surface in the hint that an error states itself', () => {
  const error = new UserError('outer', { hint: 'set the clock of {here} right, {so}' });
  expect(hintFor(error)).toBe('set the clock of the worker right, {so}');
  expect(hintFor(error, 'command line')).toBe('set the clock of this machine right, {so}');
});

it('names the keys of each surface where a registry limits how often it is asked', () => {
  const limited = new RegistryError({ method: 'GET', url: 'https://r.test/v2/', status: 429, body: '' });
  expect(hintFor(limited)).toMatch(/, or a registry_mirror$/);
  expect(hintFor(limited, 'command line')).toMatch(/, or max_requests_per_second, in the settings file$/);
});

it.each(['pipeline', 'command line'] as const)(
  'is about standard output when the answer cannot be written, for the %s',
  (surface) => {
    const cause = Object.assign(new Error('write'), { code: 'ENOSPC' });
    expect(hintFor(new UserError('writing', { code: 'OUTPUT_FAILED', cause }), surface)).toMatch(
      /^standard output did not take the whole answer/,
    );
  },
);

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
