import { describe, expect, it } from 'vitest';
import { openTransferLog } from '../../src/process/command-log.ts';
import type { Surroundings } from '../../src/process/surroundings.ts';
import { decodeInRequest } from '../../src/request/request.ts';
import { createFakeClock } from '../support/fake-clock.ts';

/** The output of one transfer and a log line after each of its three steps. */
function written(given: Partial<Surroundings>, debug = false): string {
  let output = '';
  const clock = createFakeClock();
  let tick = () => {};
  const surroundings: Surroundings = {
    arguments: [],
    environment: {},
    platform: { os: 'linux', architecture: 'amd64' },
    userId: 0,
    clock,
    signal: new AbortController().signal,
    waits: 'real',
    readInput: async () => Buffer.from(''),
    writeError: (text) => {
      output += text;
    },
    terminal: () => undefined,
    every: (_milliseconds, action) => {
      tick = action;
      return () => {};
    },
    addSecret: () => {},
    addServerSecret: () => {},
    redact: (text) => text,
    random: () => 0,
    ...given,
  };
  const request = { source: { repository: 'a', debug }, version: { digest: 'a' } };
  const { log, progress } = openTransferLog(
    surroundings,
    decodeInRequest(Buffer.from(JSON.stringify(request))),
  );
  const transfer = progress.start('aaaaaaaaaaaa', 6000);
  for (let step = 1; step <= 3; step++) {
    transfer.advance(1000);
    clock.advance(1000);
    tick();
    log.plain(`line ${step}`);
  }
  progress.close();
  return output;
}

describe('progress of a transfer', () => {
  it.each<[string, Partial<Surroundings>]>([
    ['on a terminal', { terminal: () => ({ columns: 100, rows: 24 }) }],
    ['in a build', { environment: { BUILD_ID: '1' } }],
    ['where the address of Concourse is known', { environment: { ATC_EXTERNAL_URL: 'http://ci.example' } }],
  ])('%s is shown as bars below the log', (_where, given) => {
    const output = written(given);
    expect(output).toMatch(/\[=+>-+\] +1000\.0b\/5\.9KiB +1000\.0b\/s +0:05 left\n/);
    expect(output).toContain('\x1b[1Aline 1\x1b[K\n');
    expect(output).toMatch(/ 2\.9KiB\/5\.9KiB +stopped\x1b\[K\n$/);
    expect(written(given, true)).toBe('line 1\nline 2\nline 3\n');
  });

  it.each([{}, { BUILD_ID: '1' }])('on a dumb terminal has no escape sequences', (environment) => {
    const dumb = { ...environment, TERM: 'dumb' };
    expect(written({ environment: dumb, terminal: () => ({ columns: 100, rows: 24 }) })).not.toContain(
      '\x1b',
    );
  });

  it('elsewhere is shown as a line with a date, without escape sequences', () => {
    expect(written({}).split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(
        /^2026\/01\/0\d \d\d:\d\d:\d\d aaaaaaaaaaaa 1000\.0b\/5\.9KiB 1000\.0b\/s 0:05 left$/,
      ),
      'line 1',
    ]);
    expect(written({})).not.toContain('\x1b');
    expect(written({}, true)).toBe('line 1\nline 2\nline 3\n');
  });
});
