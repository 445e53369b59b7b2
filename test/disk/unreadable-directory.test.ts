// A directory that cannot be read is not an empty one. The tests may run as root, which may read everything.
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { findImage } from '../../src/disk/glob.ts';
import { errorText } from '../../src/errors.ts';
import { hintFor } from '../../src/process/hints.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>();
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  const readdir = (path: Buffer, options: { encoding: 'buffer' }) =>
    basename(path.toString()) === 'locked' ? Promise.reject(denied) : original.readdir(path, options);
  return { ...original, readdir };
});

it.each(['locked/*.tar', 'locked/image.tar', '*/*.tar'])(
  'says for %s that a directory cannot be read',
  async (image) => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'locked'));
    const error = await findImage(directory, image).catch((thrown: unknown) => thrown);
    expect(errorText(error)).toBe(
      `no files match glob '${image}': ${join(directory, 'locked')} cannot be read: EACCES: permission denied`,
    );
    expect(hintFor(error)).toContain('check owner and permissions');
  },
);
