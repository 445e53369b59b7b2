// Formats the results of a case as a table: medians, and their ratios to the first command.
import { type Measurement, median } from './measure.ts';

/** The measurements of a command. */
export interface Result {
  readonly name: string;
  readonly measurements: readonly Measurement[];
  readonly count?: Count;
}

/** What a command asks of registries. */
export interface Count {
  readonly requests: number;
  /** Bytes that the source sends. */
  readonly read: number;
}

/** The table of one case; a ratio is a figure divided by that of the first command. */
export function table(title: string, results: readonly Result[]): string {
  const first = results[0];
  const rows = results.map((result) => [
    result.name,
    ...figures.flatMap(({ of, print }) => {
      const own = median(result.measurements.map(of));
      return [print(own), first ? `${(own / median(first.measurements.map(of))).toFixed(2)}x` : ''];
    }),
    ...(result.count ? [String(result.count.requests), `${(result.count.read / 1e6).toFixed(1)} MB`] : []),
  ]);
  const isCounted = results.some(({ count }) => count);
  const head = [
    title,
    ...figures.flatMap(({ name }) => [name, '']),
    ...(isCounted ? ['requests', 'read from source'] : []),
  ];
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((text, column) => pad(text, widths[column] ?? 0, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

const figures: readonly {
  name: string;
  of(measurement: Measurement): number;
  print(value: number): string;
}[] = [
  { name: 'wall', of: ({ wall }) => wall, print: seconds },
  { name: 'CPU', of: ({ cpu }) => cpu, print: seconds },
  { name: 'memory', of: ({ memory }) => memory, print: (bytes) => `${Math.round(bytes / 2 ** 20)} MiB` },
];

function seconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(1)} ms` : `${value.toFixed(2)} s`;
}
