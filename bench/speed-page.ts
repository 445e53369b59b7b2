// The section about speed in docs/differences.md: how many times as fast as upstream every case is.
import { join } from 'node:path';
import { repositoryRoot } from '../test/support/run.ts';
import type { Outcome } from './report.ts';
import { type Figure, figureOf, figures } from './results.ts';
import { writeSection } from './section.ts';
import { markdownTable } from './table.ts';

/** The cases that upstream takes part in: its time divided by ours, and the peak memory of both. */
export function speedTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ title, results }) => {
    const [native, node, upstream] = ['native', 'Node', 'upstream'].map((wanted) =>
      results.find(({ name }) => name === wanted),
    );
    if (!upstream) {
      return [];
    }
    const ratio = (own: typeof native, figure: Figure) => {
      const [value, other] = [figureOf(own, figure), figureOf(upstream, figure)];
      return value === undefined || other === undefined ? '–' : (other / value).toFixed(1);
    };
    const memory = (of: typeof native) => {
      const value = figureOf(of, 'memory');
      return value === undefined ? '–' : figures.memory.print(value);
    };
    return [
      [
        title,
        ratio(native, 'wall'),
        ratio(native, 'cpu'),
        ratio(node, 'wall'),
        ratio(node, 'cpu'),
        memory(native),
        memory(upstream),
      ],
    ];
  });
  const head = ['case', 'native: wall', 'CPU', 'Node: wall', 'CPU', 'memory, native', 'upstream'];
  return markdownTable(head, rows);
}

/** Writes the section. */
export async function writeSpeed(outcomes: readonly Outcome[]): Promise<void> {
  const page = join(repositoryRoot, 'docs', 'differences.md');
  await writeSection(page, 'Speed', `${introduction}\n${speedTable(outcomes)}`);
}

const introduction = `How many times as fast as upstream's Go executables, by wall time and by CPU time: above 1, faster here. Peak memory is that of the process; what
is below 30 MB counts as about 30. \`npm run bench\` measures it and writes this table; the whole run, with the machine, other tools and goals, is in
[bench/RESULTS.md](../bench/RESULTS.md#beside-other-tools).
`;
