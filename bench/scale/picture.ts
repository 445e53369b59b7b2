// The picture of the scale measurement: wall time and memory of every series, on logarithmic scales, as SVG.
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { MeasuredSeries } from './series.ts';

const panel = { width: 260, height: 140 };
/** Lines and numbers at powers of ten only: nine times as many would be most of the file. */
const axis = { values: Array.from({ length: 10 }, (_, exponent) => 10 ** (exponent - 3)) };
const figures = [
  { field: 'seconds', title: 'wall time in s' },
  { field: 'megabytes', title: 'peak memory in MB' },
] as const;

/** Draws a row of two panels for each series. */
export async function pictureOf(all: readonly MeasuredSeries[]): Promise<string> {
  const spec: TopLevelSpec = {
    background: 'white',
    vconcat: all.map(({ title, unit, measured }) => ({
      title,
      data: {
        values: measured.map(({ command, number, wall, memory }) => ({
          command,
          number,
          seconds: wall,
          megabytes: memory / 1e6,
        })),
      },
      hconcat: figures.map((figure) => ({
        ...panel,
        mark: { type: 'line', point: true } as const,
        encoding: {
          x: { field: 'number', type: 'quantitative', scale: { type: 'log' }, axis, title: unit },
          y: { field: figure.field, type: 'quantitative', scale: { type: 'log' }, axis, title: figure.title },
          color: { field: 'command', type: 'nominal', sort: null, title: null },
        } as const,
      })),
    })),
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
