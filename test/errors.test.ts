// Errors for users: their text, causes, codes and hints.
import { describe, expect, it } from 'vitest';
import { causes, errorCode, errorHint, errorText, UserError } from '../src/errors.ts';

describe('UserError', () => {
  it('holds only its own level in the message', () => {
    const cause = new Error('connection refused');
    const error = new UserError('cannot fetch it', { cause, hint: 'is the registry up?' });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'UserError',
      message: 'cannot fetch it',
      hint: 'is the registry up?',
      cause,
    });
  });

  it('has no cause, hint, code or facts unless given', () => {
    const error = new UserError('no tag specified');
    expect('cause' in error).toBe(false);
    expect(error).toMatchObject({ hint: undefined, code: undefined, facts: {} });
  });

  it('names its failure by a code, with facts for the hint of a surface', () => {
    const facts = { suggestion: 'team/app' };
    const error = new UserError('upper case', { code: 'REPOSITORY_UPPER_CASE', facts });
    expect(errorCode(error)).toBe('REPOSITORY_UPPER_CASE');
    expect(error.facts).toEqual(facts);
  });
});

describe('errorText', () => {
  it.each([
    ['one level', new UserError('a'), 'a'],
    [
      'several levels',
      new UserError('a', { cause: new Error('b', { cause: new UserError('c') }) }),
      'a: b: c',
    ],
    ['a cause that is no error', new UserError('a', { cause: 'b' }), 'a: b'],
    ['a thrown string', 'a', 'a'],
    ['an aggregate with a message', new AggregateError([new Error('x')], 'a'), 'a'],
    [
      'an aggregate without a message, as Node throws for a host with several addresses',
      new UserError('a', {
        cause: new AggregateError([
          new Error('connect ECONNREFUSED ::1:80'),
          new Error('connect', { cause: new Error('ECONNREFUSED 127.0.0.1:80') }),
        ]),
      }),
      'a: connect ECONNREFUSED ::1:80; connect: ECONNREFUSED 127.0.0.1:80',
    ],
  ])('joins %s', (_, error, text) => {
    expect(errorText(error)).toBe(text);
  });

  it('ends when an error is among its own causes', () => {
    const inner = new Error('b');
    const outer = new UserError('a', { cause: inner });
    inner.cause = outer;
    expect(errorText(outer)).toBe('a: b');
  });
});

describe('causes', () => {
  it('yields the error itself first', () => {
    const inner = new Error('inner');
    const outer = new Error('outer', { cause: inner });
    expect([...causes(outer)]).toEqual([outer, inner]);
    expect([...causes(undefined)]).toEqual([]);
  });
});

describe('errorHint', () => {
  it('returns the outermost hint', () => {
    const inner = new UserError('c', { hint: 'inner' });
    expect(errorHint(new UserError('a', { hint: 'outer', cause: inner }))).toBe('outer');
    expect(errorHint(new UserError('a', { cause: new Error('b', { cause: inner }) }))).toBe('inner');
    expect(errorHint(new Error('a', { cause: 'text' }))).toBeUndefined();
  });
});
