// The params of a put: types, choices, and combinations that are errors.
import { describe, expect, it } from 'vitest';
import { errorHint, errorText } from '../../src/errors.ts';
import { decodeOutRequest } from '../../src/request/request.ts';

const decode = (params: object) => decodeOutRequest(JSON.stringify({ params })).params;

const failure = (params: object) => {
  try {
    decode(params);
  } catch (error) {
    return { text: errorText(error), hint: errorHint(error) ?? '' };
  }
  throw new Error('the params were accepted');
};

describe('params.immutable_tags', () => {
  it.each<[unknown, boolean | string[]]>([
    [true, true],
    [false, false],
    [null, false],
    [[], []],
    [
      ['^v', '^1'],
      ['^v', '^1'],
    ],
  ])('accepts %j', (written, expected) => {
    expect(decode({ immutable_tags: written }).immutableTags).toEqual(expected);
  });

  it.each([
    ['^v', 'string', '"params.immutable_tags" of type boolean or list of strings'],
    [{ tags: true }, 'object', '"params.immutable_tags" of type boolean or list of strings'],
    [1, 'number', '"params.immutable_tags" of type boolean or list of strings'],
    [[1.2], 'number', '"params.immutable_tags[0]" of type string'],
  ])('refuses %j', (written, found, place) => {
    expect(failure({ immutable_tags: written }).text).toBe(
      `invalid payload: cannot unmarshal ${found} into field ${place}`,
    );
  });
});

describe('params.on_conflict', () => {
  it('is fail unless configured', () => {
    expect(decode({ immutable_tags: true }).onConflict).toBe('fail');
  });

  it.each(['fail', 'skip', 'move'])('accepts %s', (written) => {
    expect(decode({ immutable_tags: ['x'], on_conflict: written }).onConflict).toBe(written);
  });

  it('refuses an unknown value and suggests the nearest one', () => {
    expect(failure({ immutable_tags: true, on_conflict: 'Skip' })).toEqual({
      text: `unknown on_conflict provided, must be one of 'fail', 'skip', 'move': "Skip"`,
      hint: 'did you mean skip?',
    });
  });

  it.each([{}, { immutable_tags: false }, { immutable_tags: [] }])(
    'is an error when no tag is immutable: %j',
    (others) => {
      const refusal = failure({ ...others, on_conflict: 'fail' });
      expect(refusal.text).toBe('params.on_conflict is set, but no tag is immutable');
      expect(refusal.hint).toContain('immutable_tags');
    },
  );
});

describe('params.compression', () => {
  it.each<[object, object | undefined]>([
    [{}, undefined],
    [{ compression: '', compression_level: '' }, undefined],
    [{ compression: null, compression_level: null }, undefined],
    [{ compression: 'gzip' }, { format: 'gzip', level: 1 }],
    [
      { compression: 'gzip', compression_level: 9 },
      { format: 'gzip', level: 9 },
    ],
    [{ compression_level: 6 }, { format: 'gzip', level: 6 }],
    [{ compression: 'zstd' }, { format: 'zstd', level: 3 }],
    [
      { compression: 'zstd', compression_level: 1 },
      { format: 'zstd', level: 1 },
    ],
    [
      { compression: 'zstd', compression_level: '19' },
      { format: 'zstd', level: 19 },
    ],
    [
      { compression: 'zstd', manifests: ['image.tar'] },
      { format: 'zstd', level: 3 },
    ],
  ])('of %j is %j', (params, expected) => {
    expect(decode(params).compression).toEqual(expected);
  });

  const unknown = `unknown compression provided, must be one of 'gzip', 'zstd'`;
  const level = 'params.compression_level must be a whole number from';

  it.each<[object, string]>([
    [{ compression: 'lz4' }, `${unknown}: "lz4"`],
    [{ compression: 'Zstd' }, `${unknown}: "Zstd"`],
    [{ compression: 'zstd:chunked' }, `${unknown}: "zstd:chunked"`],
    [{ compression_level: 0 }, `${level} 1 to 9 for gzip: "0"`],
    [{ compression_level: 10 }, `${level} 1 to 9 for gzip: "10"`],
    [{ compression_level: -1 }, `${level} 1 to 9 for gzip: "-1"`],
    [{ compression_level: 1.5 }, `${level} 1 to 9 for gzip: "1.5"`],
    [{ compression_level: '1e0' }, `${level} 1 to 9 for gzip: "1e0"`],
    [{ compression_level: 'best' }, `${level} 1 to 9 for gzip: "best"`],
    [{ compression: 'zstd', compression_level: 20 }, `${level} 1 to 19 for zstd: "20"`],
    [{ compression: 'zstd', from: 'a/b:c' }, 'params.compression has no effect on params.from'],
    [{ compression_level: 3, from: 'a/b:c' }, 'params.compression_level has no effect on params.from'],
    [
      { compression: ['zstd'] },
      'invalid payload: cannot unmarshal list into field "params.compression" of type string',
    ],
  ])('refuses %j', (params, expected) => {
    expect(failure(params).text).toBe(expected);
  });
});

describe('params.version_file', () => {
  it('is an error together with params.version', () => {
    expect(failure({ version: '1.2.3', version_file: 'version/number' }).text).toBe(
      'params.version and params.version_file are both set',
    );
  });
});

describe('params.tags', () => {
  it('accepts only strings, because 1.10 without quotes would arrive as 1.1', () => {
    expect(failure({ tags: ['a', 1.1] })).toEqual({
      text: 'invalid payload: cannot unmarshal number into field "params.tags[1]" of type string',
      hint: 'write one string, in quotes',
    });
  });
});
