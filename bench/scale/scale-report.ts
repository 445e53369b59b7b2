// The report of the scale measurement: all points, and how each figure grows.
import { figures } from '../results.ts';
import { markdownTable } from '../table.ts';
import { type Growth, growthOf } from './growth.ts';
import type { MeasuredSeries } from './series.ts';

/** The points of all series in one table. */
export function pointsTable(all: readonly MeasuredSeries[]): string {
  const commands = [...new Set(all.flatMap(({ measured }) => measured.map(({ command }) => command)))];
  const head = ['series', 'number', ...commands.flatMap((command) => [`${command}: wall`, 'CPU', 'memory'])];
  const rows = all.flatMap(({ title, unit, measured }) =>
    [...new Set(measured.map(({ number }) => number))].map((number, position) => [
      position === 0 ? title : '',
      `${number.toLocaleString('en')} ${unit}`,
      ...commands.flatMap((command) => {
        const point = measured.find((each) => each.command === command && each.number === number);
        return point
          ? [figures.wall.print(point.wall), figures.cpu.print(point.cpu), figures.memory.print(point.memory)]
          : ['', '', ''];
      }),
    ]),
  );
  return markdownTable(head, rows);
}

const grown = ['wall', 'cpu', 'memory'] as const;

/** The exponents of all series in one table. */
export function growthTable(all: readonly MeasuredSeries[]): string {
  const rows = growths(all).map(({ title, command, of }) => [
    title,
    command,
    ...grown.map((figure) => exponentText(of[figure])),
  ]);
  return markdownTable(['series', 'command', ...grown.map((figure) => figures[figure].name)], rows, 2);
}

/** What grows faster than linearly, a line each; or that nothing does, or that too little was measured to tell. */
export function fasterThanLinear(all: readonly MeasuredSeries[]): string {
  const fits = growths(all);
  if (fits.every(({ of }) => grown.every((figure) => of[figure] === undefined))) {
    return 'Too few steps were measured to tell how anything grows.\n';
  }
  const lines = fits.flatMap(({ title, command, of }) =>
    grown.flatMap((figure) =>
      of[figure]?.isFaster
        ? [
            `- ${figures[figure].name} of ${command} in “${title}”: exponent ${of[figure].exponent.toFixed(2)}\n`,
          ]
        : [],
    ),
  );
  return lines.length === 0
    ? 'Nothing grows faster than linearly.\n'
    : `Faster than linearly grow:\n\n${lines.join('')}`;
}

function growths(all: readonly MeasuredSeries[]) {
  return all.flatMap(({ title, measured }) =>
    [...new Set(measured.map(({ command }) => command))].map((command) => {
      const points = measured.filter((each) => each.command === command);
      const growth = (figure: (typeof grown)[number]) =>
        growthOf(points.map((each) => ({ number: each.number, value: each[figure] })));
      return {
        title,
        command,
        of: { wall: growth('wall'), cpu: growth('cpu'), memory: growth('memory') },
      };
    }),
  );
}

function exponentText(growth: Growth | undefined): string {
  if (growth === undefined) {
    return '–';
  }
  return growth.factor === 0 ? 'constant' : growth.exponent.toFixed(2);
}
