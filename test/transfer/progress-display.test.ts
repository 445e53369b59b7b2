import { describe, expect, it } from 'vitest';
import { createBars, createPlainLines, type TerminalSize } from '../../src/transfer/progress-display.ts';
import { buildLogLines } from '../support/build-log.ts';

/** The world of a display: what was written, and time that passes only by `pass`. */
function createWorld() {
  let [time, output] = [0, ''];
  const tickers = new Set<{ pause: number; next: number; action: () => void }>();
  return {
    get output() {
      return output;
    },
    get ticking() {
      return tickers.size;
    },
    /** The log without the colours of the names. */
    get lines() {
      return buildLogLines(output);
    },
    pass(milliseconds: number) {
      const end = time + milliseconds;
      for (; time < end; time++) {
        for (const ticker of tickers) {
          if (time >= ticker.next) {
            ticker.next += ticker.pause;
            ticker.action();
          }
        }
      }
    },
    surroundings: {
      write: (text: string) => {
        output += text;
      },
      now: () => time,
      every(pause: number, action: () => void) {
        const ticker = { pause, next: time + pause, action };
        tickers.add(ticker);
        return () => tickers.delete(ticker);
      },
    },
  };
}

function openBars(size?: TerminalSize) {
  const world = createWorld();
  return { world, bars: createBars(world.surroundings, () => size) };
}

const bar = (name: string, rest: string) =>
  expect.stringMatching(new RegExp(`^${name} +\\[[=>-]+\\] +${rest}$`));

describe('bars', () => {
  it('appear before the first byte, and show bytes, rate and time left', () => {
    const { world, bars } = openBars();
    const first = bars.start('aaaaaaaaaaaa', 4096);
    bars.start('bbbbbbbbbbbb', 2048);
    world.pass(300);
    expect(world.lines).toEqual([bar('aaaaaaaaaaaa', '0.0b/4.0KiB'), bar('bbbbbbbbbbbb', '0.0b/2.0KiB')]);
    first.advance(0);
    world.pass(1000);
    first.advance(1024);
    world.pass(250);
    expect(world.lines[0]).toEqual(bar('aaaaaaaaaaaa', '1.0KiB/4.0KiB +\\d.*b/s +\\d+:\\d\\d left'));
    expect(world.lines).toHaveLength(2);
  });

  it('stay in the log in the order of their ends, below the lines that came before', () => {
    const { world, bars } = openBars();
    bars.write('begin\n');
    const transfers = ['a', 'b', 'c'].map((name) => bars.start(name.repeat(12), 1000));
    for (const position of [1, 0, 2]) {
      transfers[position]?.advance(1000);
      world.pass(300);
      transfers[position]?.done();
      bars.write(`pushed ${position}\n`);
    }
    bars.close();
    bars.write('end\n');
    const done = '1000.0b/1000.0b .* in 0.\\ds';
    expect(world.lines).toEqual([
      'begin',
      bar('bbbbbbbbbbbb', done),
      'pushed 1',
      bar('aaaaaaaaaaaa', done),
      'pushed 0',
      bar('cccccccccccc', done),
      'pushed 2',
      'end',
    ]);
  });

  it('keep the bar of a failed transfer, drop one that never began, and leave no escape sequences at the end', () => {
    const { world, bars } = openBars();
    const failed = bars.start('aaaaaaaaaaaa', 1000);
    const never = bars.start('bbbbbbbbbbbb', 1000);
    failed.advance(400);
    world.pass(300);
    failed.stop();
    never.stop();
    bars.write('WARN once more\n');
    const again = bars.start('aaaaaaaaaaaa', 1000);
    again.advance(500);
    world.pass(300);
    bars.close();
    bars.write('ERRO\n');
    expect(world.lines.filter((line) => line !== '')).toEqual([
      bar('aaaaaaaaaaaa', '400.0b/1000.0b +stopped'),
      'WARN once more',
      bar('aaaaaaaaaaaa', '500.0b/1000.0b +stopped'),
      'ERRO',
    ]);
    expect(world.output.endsWith('\nERRO\n')).toBe(true);
  });

  it('write nothing while nothing changes, and nothing at all before there are any', () => {
    const { world, bars } = openBars();
    bars.write('only a log\n');
    bars.start('aaaaaaaaaaaa', 1000);
    world.pass(300);
    const before = world.output;
    world.pass(10_000);
    expect(world.output).toBe(before);
    const quiet = openBars();
    quiet.bars.write('only a log\n');
    quiet.bars.close();
    expect(quiet.world.output).toBe('only a log\n');
  });

  it('are no more than the rows of a terminal, and no wider than it', () => {
    const { world, bars } = openBars({ columns: 50, rows: 4 });
    const transfers = Array.from({ length: 9 }, (_, position) => bars.start(`layer ${position}`, 1000));
    world.pass(300);
    expect(world.lines).toHaveLength(3);
    transfers[0]?.advance(1000);
    transfers[0]?.done();
    expect(world.lines.map((line) => line.slice(0, 7))).toEqual(['layer 0', 'layer 1', 'layer 2', 'layer 3']);
    expect(Math.max(...world.lines.map(({ length }) => length))).toBeLessThan(50);
  });

  it('stop ticking when they are closed', () => {
    const { world, bars } = openBars();
    expect(world.ticking).toBe(0);
    bars.start('aaaaaaaaaaaa', 1);
    expect(world.ticking).toBe(1);
    bars.close();
    expect(world.ticking).toBe(0);
  });
});

describe('plain lines', () => {
  it('report running transfers every five seconds, without escape sequences', () => {
    const world = createWorld();
    const lines: string[] = [];
    const progress = createPlainLines(world.surroundings, (line) => lines.push(line));
    const transfer = progress.start('aaaaaaaaaaaa', 20_480);
    transfer.advance(0);
    for (let second = 0; second < 12; second++) {
      transfer.advance(1024);
      world.pass(1000);
    }
    transfer.advance(8192);
    transfer.done();
    world.pass(60_000);
    progress.close();
    expect(lines).toEqual([
      'aaaaaaaaaaaa 6.0KiB/20.0KiB 1.2KiB/s 0:12 left',
      expect.stringMatching(/^aaaaaaaaaaaa 11\.0KiB\/20\.0KiB 1\.\dKiB\/s 0:0\d left$/),
    ]);
    expect(world.output + lines.join('')).not.toContain('\x1b');
    expect(world.ticking).toBe(0);
  });

  it('are not written for shorter transfers', () => {
    const world = createWorld();
    const lines: string[] = [];
    const progress = createPlainLines(world.surroundings, (line) => lines.push(line));
    const transfer = progress.start('aaaaaaaaaaaa', 10);
    transfer.advance(5);
    world.pass(4900);
    transfer.advance(5);
    transfer.done();
    world.pass(1000);
    progress.close();
    expect(lines).toEqual([]);
  });
});
