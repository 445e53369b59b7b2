// Globs for the image of a put match the same files as Go's filepath.Glob.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinPaths } from '../../src/disk/clean-path.ts';
import { glob } from '../../src/disk/glob.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { loadCases } from './cases.ts';

interface GlobCase {
  src: string;
  image: string;
  pattern: string;
  tree: string[];
  matches?: string[];
  error?: string;
}

const cases = loadCases<GlobCase>('glob', ({ src, image, tree }) => `${src} ${image} ${tree.join(' ')}`);

async function plant(root: string, tree: readonly string[]): Promise<void> {
  for (const entry of tree) {
    const [path = '', target] = entry.slice(2).split(' -> ');
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (entry.startsWith('d ')) {
      await mkdir(join(root, path), { recursive: true });
    } else if (target !== undefined) {
      await symlink(target, join(root, path));
    } else {
      await writeFile(join(root, path), '');
    }
  }
}

describe('vectors of globs', () => {
  it.each(cases)('resolves $image in $src to $pattern, which matches $matches $error', async (vector) => {
    const root = await temporaryDirectory();
    await plant(root, vector.tree);
    await mkdir(join(root, vector.src), { recursive: true });
    const pattern = joinPaths(join(root, vector.src), vector.image);
    expect(joinPaths(vector.src, vector.image)).toBe(vector.pattern);
    if (vector.error !== undefined) {
      await expect(glob(pattern)).rejects.toMatchObject({
        cause: { message: expect.stringContaining(vector.error) },
      });
      return;
    }
    const matches = await glob(pattern);
    expect(matches.map((path) => relative(root, path.toString()) || '.')).toEqual(vector.matches);
  });
});
