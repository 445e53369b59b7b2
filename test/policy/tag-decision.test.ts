// Decisions on immutable tags as a truth table, and the errors about them.
import { describe, expect, it } from 'vitest';
import type { TagState } from '../../src/content/tag-state.ts';
import { errorHint, errorText, UserError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import {
  decideTag,
  immutableTagRule,
  immutableTags,
  type OnConflict,
} from '../../src/policy/tag-decision.ts';

const image = digestOf('image');
const other = digestOf('other');
const states: Readonly<Record<string, TagState>> = {
  missing: { state: 'missing' },
  here: { state: 'found', digest: image },
  elsewhere: { state: 'found', digest: other },
  unclear: { state: 'unclear', error: new UserError('HEAD x: 403 Forbidden') },
};

describe.each(['known', 'not known yet'] as const)('decideTag with a digest that is %s', (detail) => {
  const rows: [string, string, string, string, string][] =
    detail === 'known'
      ? [
          //            may move    fail        skip        move
          ['missing', 'put', 'put', 'put', 'put'],
          ['here', 'existing', 'existing', 'existing', 'existing'],
          ['elsewhere', 'put', 'conflict', 'skip', 'move'],
          ['unclear', 'put', 'unclear', 'unclear', 'unclear'],
        ]
      : [
          ['missing', 'put', 'put', 'put', 'put'],
          ['here', 'put', 'undecided', 'undecided', 'put'],
          ['elsewhere', 'put', 'undecided', 'undecided', 'put'],
          ['unclear', 'put', 'unclear', 'unclear', 'unclear'],
        ];

  it.each(rows)(
    'decides on a tag that is %s: %s; on an immutable one: %s, %s, %s',
    (state, movable, fail, skip, move) => {
      const wanted = detail === 'known' ? image : undefined;
      const decide = (immutable: boolean, onConflict: OnConflict) =>
        decideTag({ now: states[state]!, wanted, immutable, onConflict });
      for (const onConflict of ['fail', 'skip', 'move'] as const) {
        expect(decide(false, onConflict)).toBe(movable);
      }
      expect([decide(true, 'fail'), decide(true, 'skip'), decide(true, 'move')]).toEqual([fail, skip, move]);
    },
  );
});

describe('immutableTagRule', () => {
  const tags = (...names: (keyof typeof states)[]) =>
    names.map((name, position) => ({ tag: `${name}-${position}`, now: states[name]! }));
  const all = new Set(['missing-0', 'here-1', 'elsewhere-2', 'elsewhere-3']);
  const mixed = tags('missing', 'here', 'elsewhere', 'elsewhere');

  it('decides on each tag by itself', () => {
    const choice = immutableTagRule(new Set(['elsewhere-2']), 'skip').choose(mixed, image);
    expect(choice).toEqual({
      put: [mixed[0], mixed[3]],
      existing: ['here-1'],
      conflicts: [{ tag: 'elsewhere-2', digest: other }],
      needsRoot: false,
    });
  });

  it('lists the immutable tags that move as conflicts', () => {
    const choice = immutableTagRule(all, 'move').choose(mixed, image);
    expect(choice.put).toEqual([mixed[0], mixed[2], mixed[3]]);
    expect(choice.conflicts.map(({ tag }) => tag)).toEqual(['elsewhere-2', 'elsewhere-3']);
  });

  it('refuses all conflicting tags in one error, each with its digest', () => {
    expect(() => immutableTagRule(all, 'fail').choose(mixed, image)).toThrow(
      `the image is ${image}, but immutable tags have another one: ` +
        `elsewhere-2 points at ${other}, elsewhere-3 points at ${other}`,
    );
  });

  it('needs the digest of the image only where it decides', () => {
    const rule = immutableTagRule(all, 'fail');
    expect(rule.choose(tags('missing'), undefined).needsRoot).toBe(false);
    expect(rule.choose(mixed, undefined).needsRoot).toBe(true);
    expect(immutableTagRule(new Set(), 'fail').choose(mixed, undefined).needsRoot).toBe(false);
  });

  it.each([image, undefined])(
    'refuses an immutable tag whose state is unclear, with the reason (%s)',
    (wanted) => {
      try {
        immutableTagRule(new Set(['unclear-0']), 'move').choose(tags('unclear'), wanted);
      } catch (error) {
        expect(errorText(error)).toBe(
          'the registry does not say where the immutable tag unclear-0 points: HEAD x: 403 Forbidden',
        );
        expect(errorHint(error)).toContain('must be able to read');
        return;
      }
      throw new Error('the tag was accepted');
    },
  );

  it('has tags looked up again before they move only when one is immutable', () => {
    expect(immutableTagRule(new Set(['a']), 'fail').rechecks).toBe(true);
    expect(immutableTagRule(new Set(), 'fail').rechecks).toBe(false);
  });
});

describe('immutableTags', () => {
  const asked = ['edge', '1.2.3'];
  const aliases = ['latest', '1', '1.2'];

  it.each<[string, boolean | string[], string[]]>([
    ['protects no tag when it is false', false, []],
    ['protects no tag when it is an empty list', [], []],
    ['protects all tags but the aliases, which are made to move, when it is true', true, ['edge', '1.2.3']],
    ['protects every tag in which a pattern is found anywhere', ['2'], ['1.2.3', '1.2']],
    ['leaves the aliases alone when a pattern is anchored', ['^\\d+\\.\\d+\\.\\d+$'], ['1.2.3']],
    ['protects an alias that a pattern names', ['^latest$', 'dg'], ['edge', 'latest']],
  ])('%s', (_, setting, expected) => {
    expect([...immutableTags(setting)(asked, aliases)]).toEqual(expected);
  });

  it('protects a tag that is asked for and is an alias too', () => {
    expect([...immutableTags(true)([...asked, 'latest'], aliases)]).toContain('latest');
  });

  it('names the key of a malformed pattern', () => {
    expect(() => immutableTags(['ok', '(?=x)'])).toThrow(
      'invalid regex pattern in params.immutable_tags: "(?=x)"',
    );
  });
});
