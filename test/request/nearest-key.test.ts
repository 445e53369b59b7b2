// A mistyped name leads to the one that was meant, and a strange one to none.
import { describe, expect, it } from 'vitest';
import { nearestKey } from '../../src/request/nearest-key.ts';

const known = ['repository', 'tag', 'tag_regex', 'semver_constraint', 'username', 'ca_certs', 'os'];

describe('nearestKey', () => {
  it.each([
    ['tagg', 'tag'],
    ['tags', 'tag'],
    ['TAGS', 'tag'],
    ['repostiory', 'repository'],
    ['tag-regex', 'tag_regex'],
    ['semverConstraint', 'semver_constraint'],
    ['user_name', 'username'],
    ['ca_cert', 'ca_certs'],
    ['oss', 'os'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearestKey(name, known)).toBe(meant);
  });

  it.each(['', 'xyz', 'image', 'password', 'repo', 'x'.repeat(1_000_000)])(
    'knows nothing near %.20s',
    (name) => {
      expect(nearestKey(name, known)).toBeUndefined();
    },
  );

  it('prefers the nearer of two', () => {
    expect(nearestKey('aws_role_arnz', ['aws_role_arns', 'aws_role_arn'])).toBe('aws_role_arns');
    expect(nearestKey('aws_role_an', ['aws_role_arns', 'aws_role_arn'])).toBe('aws_role_arn');
  });
});
