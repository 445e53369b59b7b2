// How many times as fast as upstream every case is: the section in docs/differences.md, and the ratios that README.md quotes.
import { readFile, writeFile } from 'node:fs/promises';
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

/** What README.md quotes: how its row begins, and the case whose wall time on the native executable it is about. */
const quoted: readonly { readonly row: string; readonly isAbout: RegExp }[] = [
  { row: '| `check` of 1,000 tags, 20 ms away |', isAbout: /^check of 1000 tags, 20 ms round trip$/ },
  { row: '| `in` of 350 MB of gzip layers as `rootfs` |', isAbout: /^in, rootfs, \d+ MB of gzip layers$/ },
];

/** README.md with the ratios of this run, rounded. A case that was not run keeps its ratio. Throws where a row is missing. */
export function withRatios(readme: string, outcomes: readonly Outcome[]): string {
  return quoted.reduce((text, { row, isAbout }) => {
    const line = text.split('\n').find((each) => each.startsWith(row));
    if (!line?.includes(quotation)) {
      throw new Error(`README.md has no row that begins with ${row} and quotes a ratio`);
    }
    const results = outcomes.find(({ title }) => isAbout.test(title))?.results ?? [];
    const [own, other] = ['native', 'upstream'].map((name) =>
      figureOf(
        results.find((result) => result.name === name),
        'wall',
      ),
    );
    if (own === undefined || other === undefined) {
      return text;
    }
    const ratio = Math.round(other / own);
    return text.replace(line, line.replace(/\d+ times as fast/, `${ratio} times as fast`));
  }, readme);
}

const quotation = ' times as fast](docs/differences.md#speed)';

/** Writes the section and the ratios. */
export async function writeSpeed(outcomes: readonly Outcome[]): Promise<void> {
  const page = join(repositoryRoot, 'docs', 'differences.md');
  await writeSection(page, 'Speed', `${introduction}\n${speedTable(outcomes)}`);
  const readme = join(repositoryRoot, 'README.md');
  await writeFile(readme, withRatios(await readFile(readme, 'utf8'), outcomes));
}

const introduction = `How many times as fast as upstream's Go executables, by wall time and by CPU time: above 1, faster here. Peak memory is that of the process; what
is below 30 MB counts as about 30. \`npm run bench\` measures it and writes this table; the whole run, with the machine, other tools and goals, is in
[bench/RESULTS.md](../bench/RESULTS.md#beside-other-tools).
`;
