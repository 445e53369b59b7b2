// Warnings about keys without effect name each key once, and show no value.
import { describe, expect, it } from 'vitest';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../../src/request/request.ts';

const warnings = (source: object) => decodeCheckRequest(JSON.stringify({ source })).warnings;

it('shows no user and password in front of the host of a mirror', () => {
  const mirror = { host: 'user:s3cr3t@m.test', username: 'u' };
  expect(warnings({ registry_mirror: mirror }).join()).toContain('xxxxx@m.test');
  expect(warnings({ registry_mirror: mirror }).join()).not.toContain('s3cr3t');
});

describe('a username without a password, or the other way round', () => {
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
  ])('is a warning for each log-in that has only one of them: %j', (source, expected) => {
    expect(warnings(source)).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

  it('is a warning of every command, without the value', () => {
    const request = JSON.stringify({ source: { username: 's3cr3t' } });
    for (const decode of [decodeCheckRequest, decodeInRequest, decodeOutRequest]) {
      const { warnings } = decode(request);
      expect(warnings).toEqual([expect.stringContaining('anonymously')]);
      expect(warnings.join()).not.toContain('s3cr3t');
    }
  });
});

it('says of an unused username only that it is not used when another log-in is configured', () => {
  for (const other of [
    { docker_config: {} },
    { azure_acr: true },
    { google_auth: true },
    { aws_region: 'r' },
  ]) {
    expect(warnings({ username: 'u', ...other })).toEqual([expect.stringMatching(/neither is used$/)]);
  }
});

it.each<[object, string[]]>([
  [{ repository: 'registry.test' }, ['source.repository has no path after "registry.test"']],
  [{ repository: 'registry.test/' }, ['it is read as library/registry.test on Docker Hub']],
  [{ repository: 'registry.test/app' }, []],
  [{ repository: 'busybox' }, []],
  [{ repository: 'my.app', aws_region: 'eu-central-1' }, []],
])('warns of a registry without a path as the repository: %j', (source, expected) => {
  expect(warnings(source)).toEqual(expected.map((text) => expect.stringContaining(text)));
});

it('warns of the keys of ACR without azure_acr', () => {
  const keys = { azure_client_id: 's3cr3t', azure_tenant_id: 's3cr3t', azure_environment: 's3cr3t' };
  expect(warnings(keys)).toEqual([
    expect.stringContaining('source.azure_client_id, azure_tenant_id, azure_environment without azure_acr'),
  ]);
  expect(warnings(keys).join()).not.toContain('s3cr3t');
  expect(warnings({ ...keys, azure_acr: true })).toEqual([]);
});

describe('the keys of Amazon ECR', () => {
  const id = { aws_access_key_id: 's3cr3t' };
  const secret = { aws_secret_access_key: 's3cr3t' };
  const region = { aws_region: 'eu-central-1' };

  it.each<[object, string[]]>([
    [
      { ...id, aws_role_arns: ['s3cr3t'] },
      ['source.aws_access_key_id, aws_role_arns without aws_region: no effect'],
    ],
    [{ aws_role_arns: [], aws_account_id: '' }, []],
    [{ ...region, ...id, ...secret, aws_role_arn: 'r', aws_account_id: '1' }, []],
    [{ ...region, ...id }, ['aws_access_key_id but no aws_secret_access_key: neither is used']],
    [{ ...region, ...secret }, ['aws_secret_access_key but no aws_access_key_id: neither is used']],
    [
      { ...region, username: 'AWS', password: 's3cr3t' },
      ['username and password have no effect beside aws_region'],
    ],
    [
      { ...region, repository: 'public.ecr.aws/a/b', aws_account_id: 's3cr3t' },
      ['aws_account_id has no effect on public.ecr.aws'],
    ],
  ])('are a warning where they have no effect: %j', (source, expected) => {
    expect(warnings(source)).toEqual(expected.map((text) => expect.stringContaining(text)));
    expect(warnings(source).join()).not.toContain('s3cr3t');
  });
});

describe('the keys of a check that need another key', () => {
  it.each<[object, string | undefined]>([
    [{ created_at_sort: true }, 'source.created_at_sort has no effect without tag_regex'],
    [{ created_at_sort: true, tag_regex: 'x' }, undefined],
    [
      { pre_release_prefixes: ['dev'] },
      'source.pre_release_prefixes has no effect without "pre_releases: true"',
    ],
    [{ pre_release_prefixes: ['dev'], pre_releases: true }, undefined],
    [{ pre_release_prefixes: [] }, undefined],
  ])('are a warning without it: %j', (source, expected) => {
    expect(warnings(source)).toEqual(expected === undefined ? [] : [expected]);
    expect(decodeInRequest(JSON.stringify({ source })).warnings).toEqual([]);
  });
});

describe('a mirror', () => {
  const repository = 'registry.test/team/app';

  it.each<[object, string[]]>([
    [{ repository: 'app', registry_mirror: { host: 'm.test' } }, []],
    [{ repository: 'app', registry_mirror: ['m.test'] }, []],
    [{ repository: 'docker.io/app', registry_mirror: { host: 'm.test', for: 'docker.io' } }, []],
    [{ repository, registry_mirror: { host: 'm.test', for: 'registry.test' } }, []],
    [
      { repository, registry_mirror: ['m.test', { host: 'n.test', for: 'registry.test' }] },
      [
        'source.registry_mirror[0] has no effect: it mirrors "index.docker.io", and the repository is on "registry.test"',
      ],
    ],
    [
      { repository: 'app', registry_mirror: { host: 'm.test', for: 'registry.test' } },
      ['source.registry_mirror[0] has no effect: it mirrors "registry.test"'],
    ],
    [
      { repository: 'app', registry_mirror: { username: 'u', password: 'p' } },
      ['source.registry_mirror[0] has no host: index.docker.io itself is asked in its place'],
    ],
    [{ repository: 'Not A Name', registry_mirror: ['m.test'] }, []],
    [{ repository: 'app', aws_region: 'r', registry_mirror: { host: 'm.test', for: 'ecr.test' } }, []],
  ])(
    'is a warning of check and in, and not of out, when it has no effect or no host: %j',
    (source, expected) => {
      const lines = expected.map((text) => expect.stringContaining(text));
      expect(warnings(source)).toEqual(lines);
      expect(decodeInRequest(JSON.stringify({ source })).warnings).toEqual(lines);
      expect(decodeOutRequest(JSON.stringify({ source })).warnings).toEqual([]);
    },
  );
});

describe('params.bump_aliases', () => {
  it.each<[object, string[]]>([
    [
      { bump_aliases: true },
      ['params.bump_aliases has no effect without params.version or params.version_file'],
    ],
    [{ bump_aliases: true, version: '1.2.3' }, []],
    [{ bump_aliases: true, version_file: 'version' }, []],
    [{ bump_aliases: false }, []],
  ])('is a warning without a version: %j', (params, expected) => {
    expect(decodeOutRequest(JSON.stringify({ params })).warnings).toEqual(expected);
  });
});

describe('the keys of a check that another key overrides', () => {
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
  ])('are a warning: %j', (source, expected) => {
    expect(warnings(source)).toEqual(expected === undefined ? [] : [expect.stringContaining(expected)]);
  });

  it('are no warning in a put, which uses the tag and the variant together', () => {
    expect(decodeOutRequest(JSON.stringify({ source: { tag: 'latest', ...semver } })).warnings).toEqual([]);
  });
});
