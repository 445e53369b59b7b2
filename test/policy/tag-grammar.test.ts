// The grammar of tags, and the errors about tags that no registry can have.
import { describe, expect, it } from 'vitest';
import { errorCode, errorHint, errorText } from '../../src/errors.ts';
import { checkTag, isTag } from '../../src/policy/tag-grammar.ts';

const failureOf = (tag: string) => {
  try {
    checkTag(tag, 'source.tag');
  } catch (error) {
    return { text: errorText(error), code: errorCode(error), hint: errorHint(error) ?? '' };
  }
  throw new Error('the tag was accepted');
};

describe('isTag', () => {
  it.each(['_', '0', 'latest', 'A.b-c_9', 'a..--__', 'a'.repeat(128)])('accepts %s', (tag) => {
    expect(isTag(tag)).toBe(true);
    expect(() => checkTag(tag, 'source.tag')).not.toThrow();
  });

  it.each(['', '.a', '-a', 'a/b', 'a:b', 'a b', 'a\n', 'é', '\ufeffa', 'a+b', 'a'.repeat(129)])(
    'refuses %j',
    (tag) => {
      expect(isTag(tag)).toBe(false);
      expect(failureOf(tag).text).toMatch(/^source\.tag: /);
    },
  );
});

describe('checkTag', () => {
  it.each([
    ['1.2.3\n', 'no registry can have the tag "1.2.3\\n"', 'remove the white space around it'],
    ['a/b', 'no registry can have the tag "a/b"', 'leave out registry and repository'],
    ['a:b', 'no registry can have the tag "a:b"', 'leave out registry and repository'],
    ['1.2.3+b5', 'no registry can have the tag "1.2.3+b5"', 'or push the tag 1.2.3_b5 instead'],
    ['1.2.3+b!', 'no registry can have the tag "1.2.3+b!"', 'leave out the "+" and what follows it'],
    ['x'.repeat(129), 'has 129 characters', 'at most 128'],
  ])('refuses %j with a hint', (tag, text, hint) => {
    const failure = failureOf(tag);
    expect(failure.text).toContain(text);
    expect(failure.hint).toContain(hint);
  });

  it.each([`sha256:${'0'.repeat(64)}`, `sha512:${'0'.repeat(128)}`])('recognises the digest %s', (tag) => {
    expect(failureOf(tag)).toMatchObject({
      code: 'TAG_IS_DIGEST',
      text: expect.stringContaining('it is a digest'),
    });
  });

  it('quotes only the start of a long tag', () => {
    expect(failureOf('x'.repeat(100_000)).text.length).toBeLessThan(200);
    expect(failureOf(`a/${'x'.repeat(100_000)}`).text.length).toBeLessThan(200);
  });
});
