// The settings of `verify`: what they require, and which cannot be used.
import { describe, expect, it } from 'vitest';
import { readVerificationPolicy } from '../../src/signing/verification-policy.ts';
import { createKey } from '../support/signatures.ts';

const [one, two] = [createKey().publicPem, createKey('Ed25519').publicPem];
const settings = { keys: [one, two], threshold: '', mode: '', annotations: {} };
const read = (more: Partial<typeof settings>) =>
  readVerificationPolicy({ ...settings, ...more }, 'source.verify');

it('requires one of the keys unless it says otherwise', () => {
  expect(read({})).toMatchObject({ threshold: 1, mode: 'require', annotations: {} });
  expect(read({ threshold: '2', mode: 'warn' })).toMatchObject({ threshold: 2, mode: 'warn' });
});

it('counts a key that is listed twice as one', () => {
  expect(read({ keys: [one, `${one}\n`] }).keys).toHaveLength(1);
  expect(() => read({ keys: [one, one], threshold: '2' })).toThrow(
    'source.verify.threshold is 2, but there are only 1 different keys',
  );
});

describe('refuses', () => {
  it.each<[string, Partial<typeof settings>, string]>([
    ['no keys', { keys: [] }, 'source.verify has no keys'],
    ['an empty key', { keys: [one, ''] }, 'source.verify.keys[1] holds no PEM block'],
    ['a threshold of 0', { threshold: '0' }, 'source.verify.threshold is not a number of keys: "0"'],
    ['a negative threshold', { threshold: '-1' }, 'source.verify.threshold is not a number of keys: "-1"'],
    ['a fraction', { threshold: '1.5' }, 'source.verify.threshold is not a number of keys: "1.5"'],
    ['a boolean threshold', { threshold: 'true' }, 'source.verify.threshold is not a number of keys: "true"'],
    ['more than the keys', { threshold: '3' }, 'source.verify.threshold is 3, but there are only 2'],
    ['an unknown mode', { mode: 'warning' }, 'source.verify.mode is require or warn, not "warning"'],
  ])('%s', (_, more, message) => {
    expect(() => read(more)).toThrow(message);
  });
});
