// The native executable compiles code as usual once a command is known to be long; Node has no such call.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { compileAsUsual, compileWhenLong } from '../src/compilation.ts';

const scales: number[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  scales.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function onBun(): void {
  vi.stubGlobal('Bun', { unsafe: { setJITPolicy: (scale: number) => scales.push(scale) } });
}

it('changes nothing for a command that ends early', () => {
  onBun();
  compileWhenLong();
  vi.advanceTimersByTime(100);
  expect(scales).toEqual([]);
});

it('compiles as usual once a command has run for a quarter of a second', () => {
  onBun();
  compileWhenLong();
  vi.advanceTimersByTime(250);
  expect(scales).toEqual([1]);
});

it('compiles as usual at once where much is computed', () => {
  onBun();
  compileAsUsual();
  expect(scales).toEqual([1]);
});

it('does nothing on a runtime that has no such call', () => {
  compileWhenLong();
  expect(() => vi.advanceTimersByTime(250)).not.toThrow();
});
