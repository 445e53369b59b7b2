// Suggestions for misspelled names.
import { describe, expect, it } from 'vitest';
import { nearestKey } from '../../src/policy/nearest-key.ts';

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
  ])('suggests for %s the known name %s', (name, meant) => {
    expect(nearestKey(name, known)).toBe(meant);
  });

  it.each(['', 'xyz', 'image', 'password', 'repo', 'x'.repeat(1_000_000)])(
    'suggests no name for %.20s',
    (name) => {
      expect(nearestKey(name, known)).toBeUndefined();
    },
  );

  it('suggests the nearer of two similar names', () => {
    expect(nearestKey('aws_role_arnz', ['aws_role_arns', 'aws_role_arn'])).toBe('aws_role_arns');
    expect(nearestKey('aws_role_an', ['aws_role_arns', 'aws_role_arn'])).toBe('aws_role_arn');
  });
});
