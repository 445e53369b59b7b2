// A tag that exists although the registry lists no repository.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { requireUnlistedTags } from '../../src/policy/listed-tags.ts';
import { immutableTagRule } from '../../src/policy/tag-decision.ts';

const rule = requireUnlistedTags(immutableTagRule(new Set(), 'fail'), new Error('404'));

describe('the rule for tags of a repository that the registry does not list', () => {
  it('pushes every tag when none exists', () => {
    const tags = [
      { tag: '1.0.0', now: { state: 'missing' } },
      { tag: 'latest', now: { state: 'unclear' } },
    ] as const;
    expect(rule.choose(tags, undefined).put).toEqual(tags);
  });

  it('fails when one of the tags exists', () => {
    const tags = [
      { tag: '1.0.0', now: { state: 'missing' } },
      { tag: 'latest', now: { state: 'found', digest: digestOf('old') } },
    ] as const;
    expect(() => rule.choose(tags, undefined)).toThrow('but the tag latest exists');
  });
});
