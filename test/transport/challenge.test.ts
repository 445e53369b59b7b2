import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseChallenge, parseChallenge, sessionScheme } from '../../src/transport/challenge.ts';

describe('parseChallenge', () => {
  it.each([
    ['', undefined],
    [' Bearer realm="x"', undefined],
    ['"Bearer"', undefined],
    ['Bearer', { scheme: 'bearer', parameters: {} }],
    ['Bearer realm="a"; service="b"', { scheme: 'bearer', parameters: { realm: 'a' } }],
    ['Bearer realm="a\\', { scheme: 'bearer', parameters: {} }],
    ['Bearer realm="a\nb"', { scheme: 'bearer', parameters: { realm: 'a\nb' } }],
  ])('reads %j', (line, challenge) => {
    expect(parseChallenge(line)).toEqual(challenge);
  });

  it('keeps parameters with unknown keys', () => {
    const { parameters = {} } = parseChallenge('Bearer __proto__=x,realm=y') ?? {};
    expect(Object.entries(parameters)).toEqual([
      ['__proto__', 'x'],
      ['realm', 'y'],
    ]);
  });

  it('returns any quoted parameters as they were', () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
    const value = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (parameters) => {
        const texts = Object.entries(parameters).map(
          ([name, text]) => `${name}="${text.replace(/["\\]/g, '\\$&')}"`,
        );
        expect(parseChallenge(`Bearer ${texts.join(', ')}`)?.parameters).toEqual(parameters);
      }),
    );
  });

  it('reads a long malformed line quickly', () => {
    const line = `Bearer realm="${'\\'.repeat(200_001)}`;
    expect(parseChallenge(line)).toEqual({ scheme: 'bearer', parameters: {} });
  });
});

describe('sessionScheme', () => {
  it.each([
    [[], 'basic'],
    [['"'], 'basic'],
    [['Negotiate', 'Digest realm=x'], 'basic'],
    [['Negotiate', 'BEARER realm=x'], 'bearer'],
    [['Basic', 'Bearer realm=x'], 'basic'],
  ])('of the lines %j is %s', (lines, scheme) => {
    expect(sessionScheme(chooseChallenge(lines))).toBe(scheme);
  });
});
