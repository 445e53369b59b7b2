// The tags of a put, their order, and the tags that are refused before any traffic.
import { describe, expect, it } from 'vitest';
import { errorHint, errorText } from '../../src/errors.ts';
import { requireVersion } from '../../src/policy/tag-version.ts';
import {
  checkRequestedTags,
  hasAliases,
  type RequestedTags,
  tagsToPush,
} from '../../src/policy/tags-to-push.ts';

const nothing: RequestedTags = {
  tag: '',
  version: undefined,
  versionKey: 'params.version',
  variant: '',
  bumpAliases: false,
  tags: [],
  additionalTags: [],
  tagPrefix: '',
  suffix: '',
};

const refusalOf = (requested: Partial<RequestedTags>) => {
  try {
    checkRequestedTags({ ...nothing, ...requested });
  } catch (error) {
    return { text: errorText(error), hint: errorHint(error) ?? '' };
  }
  throw new Error('the tags were accepted');
};

describe('tagsToPush', () => {
  it.each<[string, Partial<RequestedTags>, string[]]>([
    ['the source tag without the variant', { tag: 'edge', variant: 'ubuntu' }, ['edge']],
    ['a version in full', { version: requireVersion('v1.2') }, ['1.2.0']],
    ['a version with its variant', { version: requireVersion('1.2.3'), variant: 'ubuntu' }, ['1.2.3-ubuntu']],
    [
      'a prerelease with its variant',
      { version: requireVersion('1.2.3-rc.1'), variant: 'x' },
      ['1.2.3-rc.1-x'],
    ],
    [
      'inline tags alone, in their order and without the variant',
      { tags: ['b', 'a'], variant: 'x' },
      ['b', 'a'],
    ],
    [
      'inline tags before additional ones, which alone get the prefix',
      { tags: ['t'], additionalTags: ['a'], tagPrefix: 'p-' },
      ['t', 'p-a'],
    ],
    ['additional tags alone, in their order', { additionalTags: ['b', 'a'] }, ['b', 'a']],
    [
      'the prefix in front of additional tags, not of the source tag',
      { tag: 't', additionalTags: ['a'], tagPrefix: 'p-' },
      ['t', 'p-a'],
    ],
  ])('lists %s', (_, requested, expected) => {
    expect(tagsToPush({ ...nothing, ...requested }, [])).toEqual({
      asked: expected,
      aliases: [],
      keptAliases: [],
      all: expected,
      unique: expected,
    });
  });

  it('puts aliases right after the version, keeps repeated tags, and has each tag once', () => {
    const requested = {
      ...nothing,
      tag: '1.2',
      version: requireVersion('1.2.3'),
      bumpAliases: true,
      tags: ['y', '1'],
      additionalTags: ['latest', 'x'],
    };
    expect(tagsToPush(requested, [])).toEqual({
      asked: ['1.2', '1.2.3', 'y', '1', 'latest', 'x'],
      aliases: ['latest', '1', '1.2'],
      keptAliases: [],
      all: ['1.2', '1.2.3', 'latest', '1', '1.2', 'y', '1', 'latest', 'x'],
      unique: ['1.2', '1.2.3', 'latest', '1', 'y', 'x'],
    });
  });

  it('leaves out an alias that a newer version in the repository holds', () => {
    const requested = { ...nothing, version: requireVersion('1.2.3'), variant: 'x', bumpAliases: true };
    expect(tagsToPush(requested, ['2.0.0', '1.3.0-x'])).toMatchObject({
      aliases: ['1.2-x'],
      keptAliases: [
        { alias: 'x', newer: '1.3.0-x' },
        { alias: '1-x', newer: '1.3.0-x' },
      ],
    });
  });
});

it.each<[boolean, string, Partial<RequestedTags>]>([
  [true, 'a final version', { bumpAliases: true, version: requireVersion('1.2.3') }],
  [false, 'a prerelease', { bumpAliases: true, version: requireVersion('1.2.3-rc.1') }],
  [false, 'no version', { bumpAliases: true }],
  [false, 'aliases that are not asked for', { version: requireVersion('1.2.3') }],
])('needs the tags of the repository (%s) for %s', (expected, _, requested) => {
  expect(hasAliases({ ...nothing, ...requested })).toBe(expected);
});

describe('checkRequestedTags', () => {
  it('refuses a put without a tag', () => {
    expect(refusalOf({ variant: 'x', bumpAliases: true })).toEqual({
      text: 'no tag specified',
      hint: "need either 'version:' in params or 'tag:' in source",
    });
  });

  it('refuses a prefix without additional tags before anything else', () => {
    const text = 'tag_prefix can only be used when additional_tags are specified';
    expect(refusalOf({ tagPrefix: 'p' }).text).toBe(text);
    expect(refusalOf({ tagPrefix: 'p', tags: ['a'] }).text).toBe(text);
    expect(refusalOf({ tagPrefix: 'p', tag: '/' }).text).toBe(text);
  });

  it.each<[string, Partial<RequestedTags>, string, string]>([
    [
      'a slash, which leads to another repository',
      { tag: 'a/../../b' },
      'source.tag: no registry',
      'letters',
    ],
    ['a dot in front', { additionalTags: ['.a'] }, 'params.additional_tags: no registry', 'begin'],
    [
      'a possible alias with a dot in front',
      { version: requireVersion('1.2.3'), variant: '.x', bumpAliases: true },
      'source.variant: no registry can have the tag ".x"',
      'begin',
    ],
    ['a byte-order mark', { additionalTags: ['\ufeffa'] }, '"\\ufeffa"', 'letters'],
    ['a line end', { tag: 'a\n' }, '"a\\n"', 'letters'],
    ['letters of other scripts', { tag: 'é' }, '"é"', 'letters'],
    [
      'build metadata',
      { version: requireVersion('1.2.3+b') },
      'params.version: no registry',
      'build metadata',
    ],
    [
      'build metadata of a file',
      { version: requireVersion('1.2.3+b'), versionKey: 'params.version_file', variant: 'x' },
      'params.version_file: no registry',
      'build metadata',
    ],
    [
      'a variant that makes a version an invalid tag',
      { version: requireVersion('1.2.3'), variant: 'a/b' },
      'source.variant: no registry can have the tag "1.2.3-a/b"',
      'letters',
    ],
    ['129 characters', { tag: 'a'.repeat(129) }, 'has 129 characters', 'at most 128'],
    [
      'a prefix that makes it too long',
      { additionalTags: ['a'.repeat(100)], tagPrefix: 'p'.repeat(29) },
      '129',
      '128',
    ],
    ['an inline tag with white space', { tags: ['a b'] }, 'params.tags: no registry', 'letters'],
    ['an empty additional tag', { additionalTags: [''] }, 'the tag ""', 'letters'],
  ])('refuses %s', (_, requested, text, hint) => {
    const refusal = refusalOf(requested);
    expect(refusal.text).toContain(text);
    expect(refusal.hint).toContain(hint);
  });

  it('accepts everything that the grammar of tags allows', () => {
    const tags = ['_', 'A.b-c_9', '0', 'a'.repeat(128), 'a..--__'];
    expect(() => checkRequestedTags({ ...nothing, additionalTags: tags })).not.toThrow();
  });
});
