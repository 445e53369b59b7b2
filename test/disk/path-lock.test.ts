// Locks on files: one holder at a time, by directory and name.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockOfFile, whileLocked } from '../../src/disk/path-lock.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

it('is held by one at a time for a name, whatever path leads to its directory', async () => {
  const directory = await temporaryDirectory();
  const link = join(await temporaryDirectory(), 'link');
  symlinkSync(directory, link);
  const unlock = await lockOfFile(join(directory, 'a'));
  expect(await lockOfFile(join(link, 'a'))).toBeUndefined();
  (await lockOfFile(join(link, 'b')))?.();
  unlock?.();
  const again = await lockOfFile(join(link, 'a'));
  expect(again).toBeDefined();
  again?.();
});

it('lets actions on one file run one after the other, and the next one run when one fails', async () => {
  const path = join(await temporaryDirectory(), 'a');
  let running = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, (_, number) =>
      whileLocked(path, async () => {
        running++;
        await Promise.resolve();
        expect(running).toBe(1);
        running--;
        if (number === 0) {
          throw new Error('the first one');
        }
        return number;
      }),
    ),
  );
  expect(results.map(({ status }) => status).sort()).toEqual([
    ...Array.from({ length: 4 }, () => 'fulfilled'),
    'rejected',
  ]);
});
