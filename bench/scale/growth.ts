// How a figure grows with a number: the exponent of a power law above a constant, fitted to measured points.

/** What was measured at a number. */
export interface Point {
  readonly number: number;
  readonly value: number;
}

/** A fit of `value = constant + factor × number ^ exponent`. */
export interface Growth {
  readonly exponent: number;
  readonly constant: number;
  readonly factor: number;
  /** Whether the figure grows faster than linearly: no straight line comes near all points, and the exponent is above 1. */
  readonly isFaster: boolean;
}

/** A straight line that misses no point by more than this share is taken for the truth: runs differ by as much. */
const noise = 0.1;
const greatestExponent = 4;
const step = 0.01;

/**
 * Fits the growth by least squares of the relative errors, over exponents from 0.01 to 4, with neither constant nor factor below
 * 0. Undefined for fewer than three points, or points that are not positive.
 */
export function growthOf(points: readonly Point[]): Growth | undefined {
  if (points.length < 3 || points.some(({ number, value }) => number <= 0 || value <= 0)) {
    return undefined;
  }
  const exponents = Array.from({ length: greatestExponent / step }, (_, position) => (position + 1) * step);
  const best = exponents
    .map((exponent) => lineFor(points, exponent))
    .reduce((least, fit) => (fit.error < least.error ? fit : least));
  const straight = lineFor(points, 1);
  const { exponent, constant, factor } = best;
  return { exponent, constant, factor, isFaster: straight.worst > noise && exponent > 1 };
}

interface Fit {
  readonly exponent: number;
  readonly constant: number;
  readonly factor: number;
  /** The sum of the squares of all relative errors, and the greatest of them. */
  readonly error: number;
  readonly worst: number;
}

/** The line through `number ^ exponent` whose relative errors have the least squares. */
function lineFor(points: readonly Point[], exponent: number): Fit {
  // With weights 1 / value², these are the sums of the normal equations.
  let w = 0;
  let wx = 0;
  let wxx = 0;
  let wy = 0;
  let wxy = 0;
  // Scaled, so that powers of large numbers keep their digits.
  const largest = Math.max(...points.map(({ number }) => number));
  const scaled = points.map(({ number, value }) => ({ x: (number / largest) ** exponent, y: value }));
  for (const { x, y } of scaled) {
    const weight = 1 / y ** 2;
    w += weight;
    wx += weight * x;
    wxx += weight * x * x;
    wy += weight * y;
    wxy += weight * x * y;
  }
  const determinant = w * wxx - wx * wx;
  const free = {
    constant: (wxx * wy - wx * wxy) / determinant,
    factor: (w * wxy - wx * wy) / determinant,
  };
  const candidates = [free, { constant: 0, factor: wxy / wxx }, { constant: wy / w, factor: 0 }]
    .filter(({ constant, factor }) => constant >= 0 && factor >= 0)
    .map(({ constant, factor }) => {
      const errors = scaled.map(({ x, y }) => Math.abs(constant + factor * x - y) / y);
      const error = errors.reduce((sum, each) => sum + each ** 2, 0);
      return {
        exponent,
        constant,
        factor: factor / largest ** exponent,
        error,
        worst: Math.max(...errors),
      };
    });
  return candidates.reduce((least, fit) => (fit.error < least.error ? fit : least));
}
