// The fit of growth: exponents above a constant, and what counts as faster than linear in the noise of real runs.
import { describe, expect, it } from 'vitest';
import { growthOf, type Point } from '../../bench/scale/growth.ts';
import { pictureOf } from '../../bench/scale/picture.ts';
import { fasterThanLinear, growthTable, pointsTable } from '../../bench/scale/scale-report.ts';
import type { MeasuredSeries } from '../../bench/scale/series.ts';

function points(law: (number: number) => number, numbers: readonly number[] = [100, 1000, 10_000]): Point[] {
  return numbers.map((number) => ({ number, value: law(number) }));
}

describe('the fit of a growth', () => {
  it.each<[string, (number: number) => number, number]>([
    ['a straight line through a constant', (number) => 0.05 + number * 1e-4, 1],
    ['a square', (number) => number ** 2 * 1e-6, 2],
    ['a square above a constant that hides it at small numbers', (number) => 0.05 + number ** 2 * 1e-8, 2],
    ['number × its root', (number) => 0.03 + number ** 1.5 * 1e-6, 1.5],
    ['a root', (number) => 0.02 + number ** 0.5 * 1e-3, 0.5],
  ])('finds the exponent of %s', (_, law, exponent) => {
    expect(growthOf(points(law))?.exponent).toBeCloseTo(exponent, 1);
  });

  it('finds the constant and the factor', () => {
    const growth = growthOf(points((number) => 0.05 + number * 1e-4, [1000, 10_000, 100_000, 300_000]));
    expect(growth?.constant).toBeCloseTo(0.05, 3);
    expect(growth?.factor).toBeCloseTo(1e-4, 6);
  });

  it.each<[string, readonly number[], boolean]>([
    ['a straight line', [0.06, 0.15, 1.05], false],
    ['a straight line with runs that differ by 6 %', [0.0636, 0.141, 1.113], false],
    ['what stays the same', [0.05, 0.05, 0.05], false],
    ['what grows in the last step only by noise', [0.05, 0.05, 0.054], false],
    ['what gets cheaper', [0.1, 0.09, 0.08], false],
    ['a square', [0.06, 0.15, 10.05], true],
    ['a square that begins late', [0.05, 0.06, 1.05], true],
    ['number × logarithm, times a hundred, within the noise of a line', [0.05, 0.061, 0.19], false],
  ])('judges %s', (_, values, isFaster) => {
    const measured = values.map((value, position) => ({ number: 100 * 10 ** position, value }));
    expect(growthOf(measured)?.isFaster).toBe(isFaster);
  });

  it('has nothing to say about two points, or one that is not positive', () => {
    expect(growthOf(points((number) => number, [1, 2]))).toBeUndefined();
    expect(growthOf(points((number) => number - 100))).toBeUndefined();
  });
});

describe('the report of growth', () => {
  const series = (title: string, law: (number: number) => number): MeasuredSeries => ({
    title,
    unit: 'tags',
    measured: points(law).map(({ number, value }) => ({
      command: 'native',
      number,
      wall: value,
      cpu: value,
      memory: 50e6,
    })),
    skipped: [],
  });
  const line = series('line', (number) => number * 1e-3);
  const square = series('square', (number) => number ** 2 * 1e-6);

  it('names what grows faster than linearly, with its exponent', () => {
    expect(fasterThanLinear([line])).toBe('Nothing grows faster than linearly.\n');
    expect(fasterThanLinear([line, square])).toBe(
      'Faster than linearly grow:\n\n' +
        '- wall time of native in “square”: exponent 2.00\n- CPU time of native in “square”: exponent 2.00\n',
    );
  });

  it('has a row for each number, and one of exponents for each command', () => {
    expect(pointsTable([line]).match(/^\|.*(?<= )[\d,]+ tags \|/gm)).toHaveLength(3);
    expect(growthTable([line, square])).toMatch(
      /\| square\s+\| native\s+\|\s+2\.00 \|\s+2\.00 \| constant \|/,
    );
  });

  it('has a picture with two panels for each series and a point for each number', async () => {
    const svg = await pictureOf([line, square]);
    expect(svg).toMatch(/^<svg/);
    expect(svg.match(/>(line|square)</g)).toHaveLength(2);
    expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(2 * 2 * 3);
  });

  it('says that too few steps were measured', () => {
    const short = { ...line, measured: line.measured.slice(0, 2) };
    expect(fasterThanLinear([short])).toBe('Too few steps were measured to tell how anything grows.\n');
  });
});
