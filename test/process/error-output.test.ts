// What reaches standard error: bounded lines without secrets, coloured unless the environment forbids it.
import { describe, expect, it } from 'vitest';
import { createErrorOutput } from '../../src/process/error-output.ts';

function shown(text: string, environment: Record<string, string> = {}): string {
  let output = '';
  const write = createErrorOutput({
    environment,
    redact: (unsafe) => unsafe.replaceAll('secret', 'REDACTED'),
    write: (safe) => {
      output += safe;
    },
  });
  write(text);
  return output;
}

const coloured = '\x1b[31mERRO\x1b[0m[0000] failed\n';

describe('colours', () => {
  it.each([{}, { NO_COLOR: '' }, { TERM: 'xterm' }])('are written with %j', (environment) => {
    expect(shown(coloured, environment)).toBe(coloured);
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('are left out with %j', (environment) => {
    expect(shown(coloured, environment)).toBe('ERRO[0000] failed\n');
  });
});

describe('a line', () => {
  it('is written whole up to 10,000 characters', () => {
    const lines = `${'a'.repeat(10_000)}\n${'b'.repeat(10_000)}\n`;
    expect(shown(lines)).toBe(lines);
  });

  it('is written without its middle if it is longer', () => {
    const [first, second, ...rest] = shown(`begin${'a'.repeat(20_000_000)}end\nnext\n`).split('\n');
    expect(first).toMatch(/^begina+ \.\.\. \(\d+ characters left out\) \.\.\. a+end$/);
    expect(first?.length).toBeLessThan(10_100);
    expect([second, ...rest]).toEqual(['next', '']);
  });

  it('is redacted before its middle is left out, so that no part of a secret remains', () => {
    const output = shown(`${'a'.repeat(6_997)}secret${'a'.repeat(10_000)}\n`);
    expect(output).not.toMatch(/sec|ret/);
  });
});
