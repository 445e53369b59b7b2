// Garbage is collected by whichever call the runtime has.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { collectGarbage } from '../src/garbage.ts';

afterEach(() => vi.unstubAllGlobals());

it('frees on Node what is not referenced, though the process was started without an option for it', async () => {
  const reference = new WeakRef({ some: 'value' });
  // What was referenced in this turn stays until its end.
  await nextTurn();
  expect(reference.deref()).toBeDefined();
  await nextTurn();
  collectGarbage();
  expect(reference.deref()).toBeUndefined();
});

it('collects garbage by the call of Bun before it returns', () => {
  const gc = vi.fn<(synchronously: boolean) => void>();
  vi.stubGlobal('Bun', { gc });
  collectGarbage();
  expect(gc).toHaveBeenCalledExactlyOnceWith(true);
});
