// The tags of a put, and those that it refuses.
import { describe, expect, it } from 'vitest';
import { errorHint, errorText } from '../../src/errors.ts';
import { requireVersion } from '../../src/policy/tag-version.ts';
import { type RequestedTags, splitFields, tagsToPush, uniqueTags } from '../../src/policy/tags-to-push.ts';

const nothing: RequestedTags = {
  tag: '',
  version: undefined,
  variant: '',
  aliases: [],
  tags: [],
  additionalTags: [],
  tagPrefix: '',
};

const refusalOf = (requested: Partial<RequestedTags>) => {
  try {
    tagsToPush({ ...nothing, ...requested });
  } catch (error) {
    return { text: errorText(error), hint: errorHint(error) ?? '' };
  }
  throw new Error('the tags were accepted');
};

describe('push order', () => {
  it.each<[string, Partial<RequestedTags>, string[]]>([
    ['the source tag', { tag: 'edge', variant: 'ubuntu' }, ['edge']],
    ['a version', { version: requireVersion('v1.2') }, ['1.2.0']],
    ['a version with variant', { version: requireVersion('1.2.3'), variant: 'ubuntu' }, ['1.2.3-ubuntu']],
    ['a prerelease with variant', { version: requireVersion('1.2.3-rc.1'), variant: 'x' }, ['1.2.3-rc.1-x']],
    ['inline tags alone', { tags: ['b', 'a'], variant: 'x' }, ['b', 'a']],
    [
      'inline tags before additional ones, which alone get the prefix',
      { tags: ['t'], additionalTags: ['a'], tagPrefix: 'p-' },
      ['t', 'p-a'],
    ],
    ['additional tags alone', { additionalTags: ['b', 'a'] }, ['b', 'a']],
    ['a prefix for additional tags only', { tag: 't', additionalTags: ['a'], tagPrefix: 'p-' }, ['t', 'p-a']],
    [
      'everything, with duplicates',
      {
        tag: '1.2',
        version: requireVersion('1.2.3'),
        aliases: ['latest', '1', '1.2'],
        tags: ['y', '1'],
        additionalTags: ['latest', 'x'],
      },
      ['1.2', '1.2.3', 'latest', '1', '1.2', 'y', '1', 'latest', 'x'],
    ],
  ])('%s', (_, requested, expected) => {
    expect(tagsToPush({ ...nothing, ...requested })).toEqual(expected);
  });

  it('is kept when duplicates are left out', () => {
    expect(uniqueTags(['b', 'a', 'b', 'c', 'a'])).toEqual(['b', 'a', 'c']);
  });
});

describe('refused', () => {
  it('without any tag', () => {
    expect(refusalOf({ variant: 'x' })).toEqual({
      text: 'no tag specified',
      hint: "need either 'version:' in params or 'tag:' in source",
    });
  });

  it('for a prefix that has no tags to stand in front of, before anything else', () => {
    const text = 'tag_prefix can only be used when additional_tags are specified';
    expect(refusalOf({ tagPrefix: 'p' }).text).toBe(text);
    expect(refusalOf({ tagPrefix: 'p', tags: ['a'] }).text).toBe(text);
    expect(refusalOf({ tagPrefix: 'p', tag: '/' }).text).toBe(text);
  });

  it.each<[string, Partial<RequestedTags>, string, string]>([
    ['a slash, which leads elsewhere', { tag: 'a/../../b' }, 'source.tag: no registry', 'letters'],
    ['a dot in front', { additionalTags: ['.a'] }, 'params.additional_tags: no registry', 'begin'],
    ['a dash in front', { tag: 't', aliases: ['-x'] }, 'params.bump_aliases: no registry', 'begin'],
    ['a byte-order mark', { additionalTags: ['\ufeffa'] }, '"\\ufeffa"', 'letters'],
    ['a line end', { tag: 'a\n' }, '"a\\n"', 'letters'],
    ['letters of other scripts', { tag: 'é' }, '"é"', 'letters'],
    [
      'build metadata',
      { version: requireVersion('1.2.3+b') },
      'params.version: no registry',
      'build metadata',
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
  ])('for %s', (_, requested, text, hint) => {
    const told = refusalOf(requested);
    expect(told.text).toContain(text);
    expect(told.hint).toContain(hint);
  });

  it('for nothing that the grammar allows', () => {
    const tags = ['_', 'A.b-c_9', '0', 'a'.repeat(128), 'a..--__'];
    expect(tagsToPush({ ...nothing, additionalTags: tags })).toEqual(tags);
  });
});

describe('a file of tags', () => {
  it.each([
    ['spaces and line ends', ' a  b\n\tc\r\nd\v\fe\n', ['a', 'b', 'c', 'd', 'e']],
    [
      'Unicode spaces',
      'a\u0085b\u00a0c\u1680d\u2000e\u200af\u2028g\u2029h\u202fi\u205fj\u3000k',
      [...'abcdefghijk'],
    ],
    ['what only looks like space', 'a\ufeffb\u200bc\u180ed\u001ce', ['a\ufeffb\u200bc\u180ed\u001ce']],
    ['nothing', ' \n', []],
    ['nothing at all', '', []],
  ])('is split at %s', (_, text, expected) => {
    expect(splitFields(text)).toEqual(expected);
  });
});
