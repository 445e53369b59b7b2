// Tags that exist although the registry does not list them, and tags that a put leaves where they are.
import { describe, expect, it } from 'vitest';
import type { CurrentTag } from '../../src/content/tag-state.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { leaveTags, unlistedTag } from '../../src/policy/listed-tags.ts';
import { immutableTagRule } from '../../src/policy/tag-decision.ts';

const found = (tag: string): CurrentTag => ({ tag, now: { state: 'found', digest: digestOf('old') } });
const missing = (tag: string): CurrentTag => ({ tag, now: { state: 'missing' } });

describe('unlistedTag', () => {
  it.each<[string, readonly CurrentTag[], readonly string[], string | undefined]>([
    ['no tag when none exists', [missing('1.0.0'), missing('latest')], [], undefined],
    ['any tag when the list is empty', [found('1.0.0'), missing('latest')], [], '1.0.0'],
    ['an alias when the list has other tags', [missing('1.0.0'), found('latest')], ['0.9.0'], 'latest'],
    ['no tag when all that exist are listed', [found('latest')], ['0.9.0', 'latest'], undefined],
    ['no version, which may have been pushed just now', [found('1.0.0')], ['0.9.0'], undefined],
    ['no tag whose state is unclear', [{ tag: 'latest', now: { state: 'unclear' } }], [], undefined],
  ])('finds %s', (_name, seen, list, expected) => {
    expect(unlistedTag(seen, ['latest'], list)).toBe(expected);
  });
});

it('leaveTags moves all other tags, after they were read again', () => {
  const rule = leaveTags(immutableTagRule(new Set(), 'fail'), ['latest']);
  expect(rule.choose([missing('1.0.0'), found('latest')], undefined).put).toEqual([missing('1.0.0')]);
  expect(rule.rechecks).toBe(true);
});
