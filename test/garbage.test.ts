// Garbage is collected by whichever call the runtime has.
import { afterEach, expect, it, vi } from 'vitest';
import { collectGarbage } from '../src/garbage.ts';

afterEach(() => vi.unstubAllGlobals());

it('collects garbage by the call of Node', () => {
  const gc = vi.fn<() => void>();
  vi.stubGlobal('gc', gc);
  collectGarbage();
  expect(gc).toHaveBeenCalledOnce();
});

it('collects garbage by the call of Bun before it returns', () => {
  const gc = vi.fn<(synchronously: boolean) => void>();
  vi.stubGlobal('Bun', { gc });
  collectGarbage();
  expect(gc).toHaveBeenCalledExactlyOnceWith(true);
});

it('does nothing where the runtime has no such call', () => {
  vi.stubGlobal('gc', undefined);
  expect(collectGarbage).not.toThrow();
});
