// The settings of `verify`: what they require, and which cannot be used.
import { describe, expect, it } from 'vitest';
import { readVerificationPolicy, type VerifySettings } from '../../src/signing/verification-policy.ts';
import { textFile } from '../support/promotion.ts';
import { createKey, verifySettings } from '../support/signatures.ts';
import { createSigstore } from '../support/sigstore.ts';

const [one, two] = [createKey().publicPem, createKey('Ed25519').publicPem];
const { trustedRoot } = await createSigstore();
const root = JSON.stringify(trustedRoot);
const issuer = 'https://issuer.test';
const somebody = { issuer, subject: 'a', subjectRegexp: '' };
const read = (more: Partial<VerifySettings>) =>
  readVerificationPolicy(verifySettings({ keys: [one, two], ...more }), 'source.verify');

it('requires one of the keys unless it says otherwise', async () => {
  expect(await read({})).toMatchObject({ threshold: 1, mode: 'require', annotations: {}, minAge: undefined });
  expect(await read({ threshold: '2', mode: 'warn' })).toMatchObject({ threshold: 2, mode: 'warn' });
});

it('counts a key that is listed twice as one', async () => {
  expect((await read({ keys: [one, `${one}\n`] })).keys).toHaveLength(1);
  await expect(read({ keys: [one, one], threshold: '2' })).rejects.toThrow(
    'source.verify.threshold is 2, but there are only 1 different keys',
  );
});

it('counts an identity that is listed twice as one', async () => {
  const more = {
    keys: [],
    identities: [somebody, { ...somebody, subject: 'b' }, somebody],
    trustedRoot: root,
  };
  expect((await read(more)).identities?.map(({ name }) => name)).toEqual(['a', 'b']);
  await expect(read({ ...more, threshold: '3' })).rejects.toThrow(
    'source.verify.threshold is 3, but there are only 2 keys and identities',
  );
});

it('takes identities without keys, and counts both for the threshold', async () => {
  const identities = [somebody];
  const more = { keys: [], identities, trustedRoot: root };
  expect((await read(more)).identities?.map(({ name }) => name)).toEqual(['a']);
  expect(await read({ ...more, keys: [one], threshold: '2' })).toMatchObject({ threshold: 2 });
});

it('reads a trusted root from a file, too', async () => {
  const path = await textFile('trusted_root.json', root);
  expect((await read({ trustedRoot: path, minAge: '7d' })).minAge).toBe(7 * 86_400_000);
});

/** The trusted root with other members. */
const rootWith = (more: object) => JSON.stringify({ ...trustedRoot, ...more });

describe('refuses', () => {
  it.each<[string, Partial<VerifySettings>, string]>([
    ['nobody', { keys: [] }, 'source.verify has no keys and no identities'],
    ['an empty key', { keys: [one, ''] }, 'source.verify.keys[1] holds no PEM block'],
    ['a threshold of 0', { threshold: '0' }, 'source.verify.threshold is not a number of keys: "0"'],
    ['a negative threshold', { threshold: '-1' }, 'source.verify.threshold is not a number of keys: "-1"'],
    ['a fraction', { threshold: '1.5' }, 'source.verify.threshold is not a number of keys: "1.5"'],
    ['a boolean threshold', { threshold: 'true' }, 'source.verify.threshold is not a number of keys: "true"'],
    ['more than the keys', { threshold: '3' }, 'source.verify.threshold is 3, but there are only 2'],
    [
      'more than the keys and identities',
      { identities: [somebody], trustedRoot: root, threshold: '4' },
      'source.verify.threshold is 4, but there are only 3 keys and identities',
    ],
    ['an unknown mode', { mode: 'warning' }, 'source.verify.mode is require or warn, not "warning"'],
    [
      'an identity without an issuer',
      { identities: [{ ...somebody, issuer: '' }] },
      'source.verify.identities[0] has no issuer',
    ],
    [
      'an identity without a subject',
      { identities: [somebody, { ...somebody, subject: '' }] },
      'source.verify.identities[1] has neither subject nor subject_regexp',
    ],
    [
      'an identity with both',
      { identities: [{ ...somebody, subjectRegexp: 'a' }] },
      'source.verify.identities[0] has both subject and subject_regexp',
    ],
    [
      'a pattern that is none',
      { identities: [{ ...somebody, subject: '', subjectRegexp: 'a)|(b' }] },
      'invalid regex pattern in source.verify.identities[0].subject_regexp',
    ],
    [
      'identities without a trusted root',
      { identities: [somebody] },
      'source.verify has identities, but no trusted_root',
    ],
    ['an age without a trusted root', { minAge: '7d' }, 'source.verify has min_age, but no trusted_root'],
    [
      'an age that is none',
      { minAge: '7', trustedRoot: root },
      'source.verify.min_age is not a duration: "7"',
    ],
    [
      'a trusted root by a relative path, where an artifact could be',
      { trustedRoot: 'trusted_root.json' },
      'source.verify.trusted_root is neither a JSON document nor an absolute path',
    ],
    [
      'a trusted root that does not exist',
      { trustedRoot: '/nonexistent' },
      'source.verify.trusted_root "/nonexistent" cannot be read: no such file or directory',
    ],
    [
      'another document',
      { trustedRoot: '{}' },
      'source.verify.trusted_root is not a trusted root of sigstore',
    ],
    [
      'a trusted root that proves no time',
      { trustedRoot: rootWith({ tlogs: [], timestampAuthorities: [] }) },
      'it has neither a transparency log nor a timestamp authority',
    ],
    [
      'a trusted root without certificate authorities, for identities',
      { identities: [somebody], trustedRoot: rootWith({ certificateAuthorities: [] }) },
      'source.verify.trusted_root cannot be used: it has no certificate authority',
    ],
    [
      'a trusted root with a malformed certificate',
      {
        trustedRoot: rootWith({
          certificateAuthorities: [{ certChain: { certificates: [{ rawBytes: 'AAAA' }] } }],
        }),
      },
      'source.verify.trusted_root cannot be used',
    ],
    [
      'a trusted root with a member of another type',
      { trustedRoot: rootWith({ tlogs: 7 }) },
      'source.verify.trusted_root cannot be used: its member "tlogs" is no list',
    ],
    [
      'a trusted root with a misspelt list, which would require less',
      { trustedRoot: rootWith({ tlogs: undefined, tlog: [] }) },
      'source.verify.trusted_root cannot be used: its member "tlog" is not known',
    ],
  ])('%s', async (_, more, message) => {
    await expect(read(more)).rejects.toThrow(message);
  });
});
