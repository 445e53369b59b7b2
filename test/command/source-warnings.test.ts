// What has no effect is told: once, by its name, and without its value.
import { describe, expect, it } from 'vitest';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../../src/command/request.ts';

const warnings = (source: object) => decodeCheckRequest(JSON.stringify({ source })).warnings;

describe('half a credential', () => {
  it.each<[object, string[]]>([
    [{ username: 'u' }, ['source has a username but no password']],
    [{ password: 'p' }, ['source has a password but no username']],
    [{ username: 'u', password: '' }, ['source has a username but no password']],
    [{ username: 'u', password: 'p' }, []],
    [{ username: '', password: '' }, []],
    [
      { registry_mirror: { host: 'm.test', username: 'u' } },
      ['source.registry_mirror on "m.test" has a username but no password'],
    ],
    [
      { username: 'u', registry_mirror: [{ host: 'm.test', password: 'p' }, 'n.test'] },
      ['source has a username but no password', '"m.test" has a password but no username'],
    ],
  ])('%j', (source, expected) => {
    expect(warnings(source)).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

  it('is told by every command, and no value of it', () => {
    const request = JSON.stringify({ source: { username: 's3cr3t' } });
    for (const decode of [decodeCheckRequest, decodeInRequest, decodeOutRequest]) {
      const told = decode(request).warnings;
      expect(told).toEqual([expect.stringContaining('anonymously')]);
      expect(told.join()).not.toContain('s3cr3t');
    }
  });
});

describe('keys that another one overrides in a check', () => {
  const semver = {
    semver_constraint: '1.x',
    pre_releases: true,
    pre_release_prefixes: ['dev'],
    variant: 'v',
  };

  it.each<[object, string | undefined]>([
    [
      { tag: 'latest', ...semver },
      'source.tag is set, so check goes by it alone and ignores variant, semver_constraint, pre_releases, pre_release_prefixes',
    ],
    [{ tag: 'latest', semver_constraint: '1.x' }, 'ignores semver_constraint'],
    [{ tag: 'latest', tag_regex: 'x', created_at_sort: true }, 'ignores tag_regex, created_at_sort'],
    [{ tag_regex: 'x', semver_constraint: '1.x' }, 'source.tag_regex is set, so check goes by it alone'],
    [{ tag_regex: 'x', created_at_sort: true }, undefined],
    [{ tag: 'latest' }, undefined],
    [semver, undefined],
    [{ tag: 'latest', semver_constraint: '', pre_releases: false, pre_release_prefixes: [] }, undefined],
  ])('%j', (source, expected) => {
    expect(warnings(source)).toEqual(expected === undefined ? [] : [expect.stringContaining(expected)]);
  });

  it('are no matter in a put, which uses the tag and the variant together', () => {
    expect(decodeOutRequest(JSON.stringify({ source: { tag: 'latest', ...semver } })).warnings).toEqual([]);
  });
});
