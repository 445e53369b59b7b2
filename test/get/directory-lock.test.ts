// The lock on the directory of a get.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockDirectory } from '../../src/get/directory-lock.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

it('is held by one at a time, whatever path leads to the directory', async () => {
  const directory = await temporaryDirectory();
  const link = join(await temporaryDirectory(), 'link');
  symlinkSync(directory, link);
  const unlock = await lockDirectory(directory);
  await expect(lockDirectory(link)).rejects.toThrow('another get is writing into');
  const other = await lockDirectory(await temporaryDirectory());
  other();
  unlock();
  (await lockDirectory(link))();
});
