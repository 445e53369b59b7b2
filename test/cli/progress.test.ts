// The progress of registry-image on standard error, and how foreign strings are shown on standard output.
import { describe, expect, it } from 'vitest';
import { promotionAnswer } from '../../src/cli/promotion-output.ts';
import { createPromotionProgress, createReadingProgress } from '../../src/cli/promotion-progress.ts';
import { counted, printable, tableText } from '../../src/cli/table.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { PlannedEdge } from '../../src/promotion/plan-edges.ts';
import type { ReportedEdge } from '../../src/promotion/promotion-report.ts';
import { imageWith, manifestFile, registryWith } from '../support/promotion.ts';
import { runCli } from '../support/run-cli.ts';
import { recordedLog } from '../support/test-session.ts';

const digest = digestOf('x');
const planned = (destination: string, action: PlannedEdge['action'] = 'copy'): PlannedEdge => ({
  source: 'source.test/app',
  destination,
  digest,
  tag: '1.0',
  action,
});
const done = (
  destination: string,
  outcome: ReportedEdge['outcome'] = 'copied',
  reason = '',
): ReportedEdge => ({
  source: 'source.test/app',
  destination,
  digest,
  tag: '1.0',
  outcome,
  reason,
});

/** The lines of a log without level, time and padding. */
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\S+\] /, '').trimEnd());

describe('the progress of a promotion', () => {
  function progressOf(edges: readonly PlannedEdge[]) {
    const log = recordedLog();
    let tick = () => {};
    let isTicking = true;
    const progress = createPromotionProgress(edges, {
      log: { ...log, debug: () => {} },
      every: (_, action) => {
        tick = action;
        return () => {
          isTicking = false;
        };
      },
    });
    return { progress, tick: () => tick(), lines: () => linesOf(log.text), isTicking: () => isTicking };
  }

  it('is one line for each host that has changed, now and then and at the end', () => {
    const edges = ['a.test/x', 'a.test/y', 'b.test/x'].map((destination) => planned(destination));
    const { progress, tick, lines, isTicking } = progressOf([...edges, planned('c.test/x', 'lost')]);
    tick();
    expect(lines()).toEqual([]);
    progress.content(
      { type: 'pushed', node: { descriptor: { mediaType: '', size: 3 << 20, digest }, kind: 'blob' } },
      'a.test',
    );
    progress.edge(done('a.test/x'));
    tick();
    tick();
    expect(lines()).toEqual(['a.test: 1 of 2 edges, 3.0MiB sent']);
    progress.edge(done('b.test/x', 'failed', 'no'));
    progress.edge(done('a.test/y'));
    progress.close();
    expect(isTicking()).toBe(false);
    expect(lines().slice(1)).toEqual([
      `failed b.test/x:1.0 ${digest} (no)`,
      'a.test: 2 of 2 edges, 3.0MiB sent',
      'b.test: 1 of 1 edge, 1 failed',
    ]);
  });

  it('says how many repositories of each host were read, now and then', () => {
    const log = recordedLog();
    let tick = () => {};
    const reading = createReadingProgress(['a.test/x', 'a.test/y', 'b.test/x'], {
      log,
      every: (_, action) => {
        tick = action;
        return () => {};
      },
    });
    tick();
    reading.read('a.test/x');
    tick();
    tick();
    reading.read('b.test/x');
    tick();
    reading.close();
    expect(linesOf(log.text)).toEqual(['a.test: read 1 of 2 repositories', 'b.test: read 1 of 1 repository']);
  });

  it('names the first failures of a host only', () => {
    const edges = Array.from({ length: 50 }, (_, number) => planned(`a.test/x${number}`));
    const { progress, lines } = progressOf(edges);
    for (const { destination } of edges) {
      progress.edge(done(destination, 'failed', 'it is down'));
    }
    progress.close();
    expect(lines()).toHaveLength(6);
    expect(lines().at(-1)).toBe('a.test: 50 of 50 edges, 50 failed');
  });

  it('is bars on a terminal, and lines for each host elsewhere', async () => {
    const image = await imageWith('1');
    const source = await registryWith({ 'staging/app:': image });
    const promote = async (terminal: boolean) => {
      const destination = await registryWith();
      const manifest = await manifestFile(source, [destination], { app: [[image, '1.0']] });
      const { stderr } = await runCli(['promote', '--manifest', manifest, '--confirm'], {
        terminal: () => (terminal ? { columns: 100, rows: 40 } : undefined),
      });
      return { stderr, host: destination.host };
    };
    const bars = await promote(true);
    expect(bars.stderr).toContain(image.layers[0]?.digest.slice(7, 19));
    expect(bars.stderr).toContain('[====');
    const lines = await promote(false);
    expect(lines.stderr).not.toContain('[====');
    expect(linesOf(lines.stderr)).toEqual([expect.stringMatching(`${lines.host}: 1 of 1 edge, .* sent`)]);
  });
});

describe('an answer', () => {
  it('escapes what could control the terminal', () => {
    const text = tableText(
      ['A', 'B'],
      [
        ['\u001b[31mred', 'line\r\nfeed\u202e'],
        ['x', ''],
      ],
    );
    expect(text).toBe('A              B\n\\u001b[31mred  line\\u000d\\u000afeed\\u202e\nx\n');
    expect(printable('å日本 └──')).toBe('å日本 └──');
  });

  it('shows no secret in what servers say, as a table and as JSON', () => {
    const edge = done('a.test/x', 'failed', 'denied for hunter2');
    const summary = {
      edges: 1,
      present: 0,
      pending: 0,
      copied: 0,
      tagged: 0,
      lost: 0,
      tag_moves: 0,
      failed: 1,
    };
    const redact = (text: string) => text.replaceAll('hunter2', 'REDACTED');
    for (const json of [true, false]) {
      const answer = [...promotionAnswer({ summary, edges: [edge] }, { json, redact })].join('');
      expect(answer).toContain('denied for REDACTED');
      expect(answer).not.toContain('hunter2');
    }
  });

  it('counts in words', () => {
    expect([counted(0, 'edge'), counted(1, 'edge'), counted(2, 'repository', 'repositories')]).toEqual([
      '0 edges',
      '1 edge',
      '2 repositories',
    ]);
  });
});
