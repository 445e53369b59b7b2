// The versions of check for one tag.
import { describe, expect, it } from 'vitest';
import { mustLookUpCursor, selectTag } from '../../src/policy/select-tag.ts';

const cursor = (digest: string) => ({ tag: 'ignored', digest });
const t = (digest: string) => ({ tag: 't', digest });

describe('selectTag', () => {
  it.each([
    ['a missing tag without a cursor', undefined, undefined, false, false, []],
    ['a missing tag with a cursor', undefined, cursor('C'), false, false, []],
    ['a tag without a cursor', 'D', undefined, false, false, [t('D')]],
    ['a tag with the same digest as the cursor', 'D', cursor('D'), false, false, [t('D')]],
    ['a tag with another digest than a cursor that exists', 'D', cursor('C'), true, true, [t('C'), t('D')]],
    ['a tag with another digest than a cursor that is gone', 'D', cursor('C'), true, false, [t('D')]],
    ['a tag with a cursor that is no digest', 'D', cursor('bogus'), true, false, [t('D')]],
    ['a tag with a cursor without a digest', 'D', cursor(''), false, false, [t('D')]],
  ])('returns the versions of %s', (_, current, from, asked, exists, answer) => {
    expect(mustLookUpCursor(current, from)).toBe(asked);
    expect(selectTag('t', current, from, exists)).toEqual(answer);
  });
});
