import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges, preferredChallenge } from '../../src/transport/challenge.ts';

const bearer = (parameters: object) => ({ scheme: 'bearer', parameters });
const basic = (parameters: object) => ({ scheme: 'basic', parameters });

describe('parseChallenges', () => {
  it.each([
    ['', []],
    [' Bearer realm="x"', []],
    ['"Bearer"', []],
    ['Bearer', [bearer({})]],
    ['Bearer realm="a"; service="b"', [bearer({ realm: 'a' })]],
    ['Bearer realm="a\\', [bearer({})]],
    ['Bearer realm="a\nb"', [bearer({ realm: 'a\nb' })]],
    [
      'Basic realm="r", Bearer realm="a",service="s"',
      [basic({ realm: 'r' }), bearer({ realm: 'a', service: 's' })],
    ],
    [
      'Bearer realm="a" , service=s , Basic realm=r',
      [bearer({ realm: 'a', service: 's' }), basic({ realm: 'r' })],
    ],
    ['Basic, Bearer realm="a"', [basic({}), bearer({ realm: 'a' })]],
    ['Negotiate, Bearer realm="a"', [{ scheme: 'negotiate', parameters: {} }, bearer({ realm: 'a' })]],
    ['NTLM TlRM==, Bearer realm="a"', [{ scheme: 'ntlm', parameters: {} }, bearer({ realm: 'a' })]],
    ['Negotiate abc', [{ scheme: 'negotiate', parameters: {} }]],
    [
      'Basic realm="a, Bearer realm=b", charset="UTF-8"',
      [basic({ realm: 'a, Bearer realm=b', charset: 'UTF-8' })],
    ],
    ['Bearer realm="a",, Basic realm=r', [bearer({ realm: 'a' })]],
  ])('reads %j', (line, challenges) => {
    expect(parseChallenges([line])).toEqual(challenges);
  });

  it('reads all lines in order', () => {
    expect(parseChallenges(['Basic realm=r', '?', 'Bearer realm=a'])).toEqual([
      basic({ realm: 'r' }),
      bearer({ realm: 'a' }),
    ]);
  });

  it.each([
    ['parameters', `Bearer realm="x"${',a=b'.repeat(250_000)}`],
    ['challenges', 'Basic realm="x", '.repeat(60_000)],
    ['an open quote', `Bearer realm="${'\\'.repeat(1_000_001)}`],
    ['spaces', `Bearer realm=x${' '.repeat(1_000_000)}y`],
    ['the padding of a token68', `Negotiate ${'='.repeat(1_000_000)}x`],
    ['a token68', `Negotiate ${'a'.repeat(1_000_000)}"`],
  ])('reads a line of a megabyte with %s in linear time', (_name, line) => {
    const started = performance.now();
    parseChallenges([line]);
    // Quadratic time would be minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('keeps parameters with unknown keys', () => {
    const [challenge] = parseChallenges(['Bearer __proto__=x,realm=y']);
    expect(Object.entries(challenge?.parameters ?? {})).toEqual([
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
        expect(parseChallenges([`Bearer ${texts.join(', ')}`])).toEqual([bearer(parameters)]);
      }),
    );
  });
});

describe('preferredChallenge', () => {
  it.each([
    [[], undefined],
    [['"'], undefined],
    [['Negotiate', 'Digest realm=x'], 'negotiate'],
    [['Negotiate', 'BEARER realm=x'], 'bearer'],
    [['Basic', 'Bearer realm=x'], 'bearer'],
    [['Basic realm=r, Bearer realm=x'], 'bearer'],
    [['Digest realm=x', 'Basic realm=r'], 'basic'],
  ])('of the lines %j is %s', (lines, scheme) => {
    expect(preferredChallenge(parseChallenges(lines))?.scheme).toBe(scheme);
  });
});
