// The answer of check for one tag.
import { describe, expect, it } from 'vitest';
import { mustLookUpCursor, selectTag } from '../../src/policy/select-tag.ts';

const cursor = (digest: string) => ({ tag: 'ignored', digest });
const t = (digest: string) => ({ tag: 't', digest });

describe('one tag', () => {
  it.each([
    ['missing, no cursor', undefined, undefined, false, false, []],
    ['missing, cursor', undefined, cursor('C'), false, false, []],
    ['found, no cursor', 'D', undefined, false, false, [t('D')]],
    ['found, same cursor', 'D', cursor('D'), false, false, [t('D')]],
    ['found, other cursor that exists', 'D', cursor('C'), true, true, [t('C'), t('D')]],
    ['found, other cursor that is missing', 'D', cursor('C'), true, false, [t('D')]],
    ['found, cursor that is no digest', 'D', cursor('bogus'), true, false, [t('D')]],
    ['found, cursor without a digest', 'D', cursor(''), false, false, [t('D')]],
  ])('%s', (_, current, from, asked, exists, answer) => {
    expect(mustLookUpCursor(current, from)).toBe(asked);
    expect(selectTag('t', current, from, exists)).toEqual(answer);
  });
});
