import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redraw } from '../../src/transfer/live-lines.ts';
import { buildLogLines } from '../support/build-log.ts';

describe('lines that change in place', () => {
  it.each<[string, string[], string[], string, string]>([
    ['nothing', [], [], '', ''],
    ['the same', ['a', 'b'], ['a', 'b'], '', ''],
    ['a log without any', [], [], 'log\n', 'log\n'],
    ['the first ones', [], ['a', 'b'], '', 'a\nb\n'],
    ['the last one of two changes', ['a', 'b'], ['a', 'c'], '', '\x1b[1Ac\x1b[K\n'],
    ['the first one of two changes', ['a', 'b'], ['c', 'b'], '', '\x1b[2Ac\x1b[K\n\n'],
    ['one more', ['a'], ['a', 'b'], '', 'b\n'],
    ['one less', ['a', 'b'], ['a'], '', '\x1b[1A\x1b[K\n\x1b[1A'],
    ['a line of the log above', ['a', 'b'], ['a', 'b'], 'log\n', '\x1b[2Alog\x1b[K\na\x1b[K\nb\n'],
  ])('%s', (_what, shown, wanted, above, text) => {
    expect(redraw(shown, wanted, above)).toBe(text);
  });

  it('leave the whole log above them, whatever comes when', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 8 });
    const step = fc.record({
      above: fc.array(line, { maxLength: 3 }),
      wanted: fc.array(line, { maxLength: 5 }),
      settle: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const log: string[] = [];
        let output = '';
        let shown: readonly string[] = [];
        for (const { above, wanted, settle } of steps) {
          output += redraw(shown, wanted, above.map((text) => `${text}\n`).join(''));
          log.push(...above);
          const seen = buildLogLines(output);
          expect(seen.slice(0, log.length)).toEqual(log);
          expect(seen.slice(log.length, log.length + wanted.length)).toEqual(wanted);
          expect(seen.slice(log.length + wanted.length).join('')).toBe('');
          log.push(...wanted.slice(0, settle));
          shown = wanted.slice(settle);
        }
      }),
    );
  });
});
