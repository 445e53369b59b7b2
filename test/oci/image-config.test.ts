// Image configs: absent and empty lists stay distinct, and wrong types are refused.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseImageConfig } from '../../src/oci/image-config.ts';

const parse = (value: unknown) => parseImageConfig(Buffer.from(JSON.stringify(value)), 'the config');

const empty = {
  architecture: '',
  os: '',
  created: '',
  cmd: null,
  entrypoint: null,
  env: null,
  user: '',
  labels: {},
  diffIds: [],
};

describe('parseImageConfig', () => {
  it('reads every member, in any letter case of its key', () => {
    const value = {
      Architecture: 'arm64',
      os: 'linux',
      created: '2026-01-02T03:04:05Z',
      config: { cmd: ['a'], Entrypoint: ['b', null], ENV: ['A=1'], User: 'u', Labels: { k: 'v', n: null } },
      rootfs: { type: 'layers', diff_ids: [digestOf('a'), digestOf('b')] },
      history: [{ created_by: 'ignored' }],
    };
    expect(parse(value)).toEqual({
      architecture: 'arm64',
      os: 'linux',
      created: '2026-01-02T03:04:05Z',
      cmd: ['a'],
      entrypoint: ['b', ''],
      env: ['A=1'],
      user: 'u',
      labels: { k: 'v', n: '' },
      diffIds: [digestOf('a'), digestOf('b')],
    });
  });

  it.each([
    [{}],
    [{ config: null, rootfs: null, os: null, created: null }],
    [{ config: { Cmd: null, Labels: null, User: null }, rootfs: { diff_ids: null } }],
  ])('has zero values for %j', (value) => {
    expect(parse(value)).toStrictEqual(empty);
  });

  it('distinguishes an empty list from an absent one', () => {
    expect(parse({ config: { Cmd: [], Env: [] } })).toStrictEqual({ ...empty, cmd: [], env: [] });
  });

  it('keeps the label __proto__', () => {
    const text = '{"config":{"Labels":{"__proto__":"p"}}}';
    expect(Object.entries(parseImageConfig(Buffer.from(text), 'it').labels)).toEqual([['__proto__', 'p']]);
  });

  it.each([
    [[], 'the config is not a JSON object'],
    [{ config: [] }, 'the config: "config" must be an object'],
    [{ config: { Cmd: 'sh' } }, 'the config: "config.Cmd" must be a list'],
    [{ config: { Env: [1] } }, 'the config: "config.Env" must be a string'],
    [{ config: { User: 0 } }, 'the config: "config.User" must be a string'],
    [{ config: { Labels: ['a'] } }, 'the config: "config.Labels" must be an object'],
    [{ config: { Labels: { a: 1 } } }, 'the config: "config.Labels.a" must be a string'],
    [{ created: 1 }, 'the config: "created" must be a string'],
    [{ rootfs: { diff_ids: ['sha256:x'] } }, 'the config: "sha256:x" in "rootfs.diff_ids" is not a digest'],
  ])('refuses %j', (value, message) => {
    expect(() => parse(value)).toThrow(expect.objectContaining({ message }));
  });
});
