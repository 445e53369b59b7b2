// The format of log lines on stderr.
import { describe, expect, it } from 'vitest';
import { createLog, formatLogLine, formatProgressTime } from '../src/log.ts';

const esc = '\x1b';

describe('formatLogLine', () => {
  it('pads the message to 44 columns and ends with a space', () => {
    expect(formatLogLine('error', 0, 'destination path not specified')).toBe(
      `${esc}[31mERRO${esc}[0m[0000] destination path not specified               `,
    );
    expect(formatLogLine('error', 0, '')).toBe(`${esc}[31mERRO${esc}[0m[0000] ${' '.repeat(45)}`);
  });

  it.each([
    ['debug', 37, 'DEBU'],
    ['info', 36, 'INFO'],
    ['warn', 33, 'WARN'],
    ['error', 31, 'ERRO'],
  ] as const)('shows %s in colour %i as %s', (level, colour, name) => {
    const line = formatLogLine(level, 0, 'm', { k: 'v' });
    expect(line).toBe(
      `${esc}[${colour}m${name}${esc}[0m[0000] ${'m'.padEnd(44)}  ${esc}[${colour}mk${esc}[0m=v`,
    );
  });

  it.each([
    [0, '0000'],
    [999, '0000'],
    [1000, '0001'],
    [61_999, '0061'],
    [12_345_678_000, '12345678'],
    [-5, '0000'],
  ])('counts whole seconds: %i ms is %s', (elapsed, shown) => {
    expect(formatLogLine('info', elapsed, '')).toContain(`[${shown}] `);
  });

  it('counts code points, not UTF-16 units, and never truncates', () => {
    const columns = (message: string) => [
      ...formatLogLine('info', 0, message).slice(`${esc}[36mINFO${esc}[0m[0000] `.length),
    ];
    expect(columns('é😀')).toHaveLength(45);
    expect(columns('x'.repeat(44))).toHaveLength(45);
    expect(columns('😀'.repeat(50))).toHaveLength(51);
  });

  it('escapes what could control the terminal or forge a line, and nothing else', () => {
    expect(formatLogLine('error', 0, 'no files match glob: "a*"\n<b> é😀 \\')).toContain(
      '] no files match glob: "a*"\\n<b> é😀 \\ ',
    );
    expect(formatLogLine('error', 0, `\r${esc}[2J\t\u0000\u007f\u009b\u2028\u202e\u2066`)).toContain(
      '] \\r\\u001b[2J\\t\\u0000\\u007f\\u009b\\u2028\\u202e\\u2066 ',
    );
  });

  it('sorts fields by name', () => {
    const line = formatLogLine('debug', 0, 'm', { b: 1, a: true, C: 'x' });
    expect(line.replaceAll(`${esc}[37m`, '').replaceAll(`${esc}[0m`, '')).toMatch(/ {2}C=x a=true b=1$/);
  });

  it.each([
    ['', ''],
    ['usr/bin/a-b_c.d@e^f+1', 'usr/bin/a-b_c.d@e^f+1'],
    ['a b', '"a b"'],
    ['a:b', '"a:b"'],
    ['say "x"\\', '"say \\"x\\"\\\\"'],
    ['é', '"é"'],
    ['line\nfeed', '"line\\nfeed"'],
    [`${esc}[2J`, '"\\u001b[2J"'],
    ['\u009b2J\u007f', '"\\u009b2J\\u007f"'],
  ])('writes the value %j as %s', (value, shown) => {
    expect(formatLogLine('info', 0, '', { k: value }).split(`k${esc}[0m=`)[1]).toBe(shown);
  });
});

describe('formatProgressTime', () => {
  it('writes local time with two digits for each part', () => {
    expect(formatProgressTime(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('2026/01/02 03:04:05');
    expect(formatProgressTime(new Date(2026, 7, 17, 15, 21, 47).getTime())).toBe('2026/08/17 15:21:47');
  });
});

describe('createLog', () => {
  const startedAt = new Date(2026, 7, 17, 15, 21, 44).getTime();
  const record = (debug: boolean) => {
    const written: string[] = [];
    const log = createLog(
      { write: (text) => written.push(text), now: () => startedAt + 3000, startedAt },
      debug,
    );
    return { log, written };
  };

  it('writes one line at a time, with the seconds since the start', () => {
    const { log, written } = record(false);
    log.info('pushed', { tag: 'a' });
    log.warn('careful');
    log.error('failed');
    expect(written).toEqual([
      `${formatLogLine('info', 3000, 'pushed', { tag: 'a' })}\n`,
      `${formatLogLine('warn', 3000, 'careful')}\n`,
      `${formatLogLine('error', 3000, 'failed')}\n`,
    ]);
  });

  it('writes debug lines only if they are enabled', () => {
    const quiet = record(false);
    quiet.log.debug('entry', { Name: 'a b' });
    expect(quiet.log.debugging).toBe(false);
    expect(quiet.written).toEqual([]);
    const chatty = record(true);
    chatty.log.debug('entry', { Name: 'a b' });
    expect(chatty.log.debugging).toBe(true);
    expect(chatty.written).toEqual([`${formatLogLine('debug', 3000, 'entry', { Name: 'a b' })}\n`]);
  });

  it('writes progress with a date, and plain lines unchanged', () => {
    const { log, written } = record(false);
    log.progress('pushed blob: sha256:ab');
    log.plain(`fetching ${esc}[32mr${esc}[0m`);
    expect(written).toEqual([
      '2026/08/17 15:21:47 pushed blob: sha256:ab\n',
      `fetching ${esc}[32mr${esc}[0m\n`,
    ]);
  });
});
