// The tables of the benchmark, and the section of the page that they replace.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Judgement, Verdict } from '../../bench/goals.ts';
import { goalsTable, isMissed, type Outcome, resultsTable, verdictLine } from '../../bench/report.ts';
import { replaceSection } from '../../bench/section.ts';
import { speedTable, withRatios } from '../../bench/speed-page.ts';
import { repositoryRoot } from '../support/run.ts';

function outcome(title: string, ...verdicts: Verdict[]): Outcome {
  const judgements = verdicts.map((verdict): Judgement => ({ goal: 'native: fast', found: '1.0', verdict }));
  return { title, results: [], judgements };
}

describe('the table of results', () => {
  it('has a row for each command, with ratios to the first one of its case, and what was counted', () => {
    const run = (wall: number) => ({ status: 0, wall, cpu: wall / 4, memory: 40e6 });
    const results = [
      { name: 'native', measurements: [run(0.05), run(0.07)], counts: { requests: 3, read: 1000 } },
      { name: 'upstream', measurements: [run(1.5)] },
    ];
    const size = { name: 'image', measurements: [], counts: { size: 50e6 } };
    expect(
      resultsTable([
        { title: 'check', results, judgements: [] },
        { title: 'image', results: [size], judgements: [] },
      ]),
    ).toBe(
      [
        '| case  | command  |    wall |     ÷ |     CPU |     ÷ | memory |    ÷ |                 counted |',
        '| ----- | -------- | ------: | ----: | ------: | ----: | -----: | ---: | ----------------------: |',
        '| check | native   | 60.0 ms |  1.00 | 15.0 ms |  1.00 |  40 MB | 1.00 | 3 requests, 0.0 MB read |',
        '|       | upstream |  1.50 s | 25.00 |  375 ms | 25.00 |  40 MB | 1.00 |                         |',
        '| image | image    |         |       |         |       |        |      |                   50 MB |',
        '',
      ].join('\n'),
    );
  });
});

describe('the table of speed', () => {
  const run = (wall: number) => ({ status: 0, wall, cpu: wall * 2, memory: 40e6 });

  it('says how many times as fast as upstream each case is, and leaves out what upstream does not do', () => {
    const native = { name: 'native', measurements: [run(0.5)] };
    const node = { name: 'Node', measurements: [run(2)] };
    const upstream = { name: 'upstream', measurements: [run(1)] };
    const table = speedTable([
      { title: 'check', results: [native, node, upstream], judgements: [] },
      { title: 'in', results: [native, upstream], judgements: [] },
      { title: 'copy', results: [native, node], judgements: [] },
    ]);
    const cells = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    expect(cells.slice(2)).toEqual([
      ['', 'check', '2.0', '2.0', '0.5', '0.5', '40 MB', '40 MB', ''],
      ['', 'in', '2.0', '2.0', '–', '–', '40 MB', '40 MB', ''],
      [''],
    ]);
  });
});

describe('the ratios in README.md', () => {
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  const run = (wall: number) => ({ status: 0, wall, cpu: wall, memory: 40e6 });
  const measured = (title: string, own: number, other: number): Outcome => ({
    title,
    results: [
      { name: 'native', measurements: [run(own)] },
      { name: 'upstream', measurements: [run(other)] },
    ],
    judgements: [],
  });
  const quotedIn = (text: string) => [...text.matchAll(/\[(\d+) times as fast\]/g)].map(([, ratio]) => ratio);

  it('are those of the run, each in its row', () => {
    const outcomes = [
      measured('check of 1000 tags, 20 ms round trip', 1, 77.4),
      measured('in, rootfs, 359 MB of gzip layers', 2, 99),
      measured('in, rootfs, 290 MB of zstd layers', 2, 3),
    ];
    expect(quotedIn(withRatios(readme, outcomes))).toEqual(['77', '50']);
  });

  it('stay where a case was not run beside upstream', () => {
    expect(withRatios(readme, [outcome('check of 1000 tags, 20 ms round trip')])).toBe(readme);
  });

  it('are missed when a row is gone', () => {
    expect(() => withRatios(readme.replace('`check` of 1,000 tags', '`check` of tags'), [])).toThrow(
      'README.md has no row that begins with | `check` of 1,000 tags',
    );
  });
});

describe('the goals', () => {
  const all = [outcome('a', 'holds', 'holds', 'within 5 %'), outcome('b', 'not judged')];

  it('are counted by what became of them', () => {
    expect(verdictLine(all)).toBe(
      'Of 4 goals, 2 hold, 1 missed by at most 5 %, 1 not judged because a command was not found.\n',
    );
  });

  it('fail a run only when one is missed by more than the tolerance', () => {
    expect(isMissed(all)).toBe(false);
    expect(isMissed([...all, outcome('c', 'holds', 'MISSED')])).toBe(true);
  });

  it('name their case in every row', () => {
    expect(goalsTable(all).match(/^\| [ab] /gm)).toHaveLength(4);
  });
});

describe('a section of a page', () => {
  const page = '# Title\n\nText\n\n## One\n\nold\n\n### Part\n\nold\n\n## Two\n\nkept\n';

  it('is replaced up to the next one of its level', () => {
    expect(replaceSection(page, 'One', '\nnew\n\n')).toBe(
      '# Title\n\nText\n\n## One\n\nnew\n\n## Two\n\nkept\n',
    );
  });

  it('is replaced at the end of the page', () => {
    expect(replaceSection(page, 'Two', 'new')).toBe(page.replace('kept', 'new'));
  });

  it('is added where there is none, also when another has a longer name', () => {
    expect(replaceSection('## Growth of all\n\ntext\n', 'Growth', 'new')).toBe(
      '## Growth of all\n\ntext\n\n## Growth\n\nnew\n',
    );
  });

  it('may be the first of the page', () => {
    expect(replaceSection('## One\n\nold\n\n## Two\n', 'One', 'new')).toBe('## One\n\nnew\n\n## Two\n');
  });

  it('stays the same when it is written twice', () => {
    const once = replaceSection(page, 'Growth', 'new');
    expect(replaceSection(once, 'Growth', 'new')).toBe(once);
  });
});
