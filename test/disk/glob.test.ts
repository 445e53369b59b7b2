import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findImage, glob } from '../../src/disk/glob.ts';
import { errorHint, errorText, UserError } from '../../src/errors.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function directoryWith(...names: (string | Buffer)[]): Promise<string> {
  const directory = await temporaryDirectory();
  for (const name of names) {
    const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name)]);
    const parent = path.subarray(0, path.lastIndexOf('/'));
    await mkdir(parent, { recursive: true });
    await writeFile(path, '');
  }
  return directory;
}

async function failureOf(image: string, ...names: (string | Buffer)[]): Promise<unknown> {
  return findImage(await directoryWith(...names), image).then(
    (path) => path,
    (error: unknown) => error,
  );
}

describe('findImage', () => {
  it('returns the one match', async () => {
    const directory = await directoryWith('a.tar', 'sub/b.tar');
    expect(await findImage(directory, '*/*.tar')).toBe(join(directory, 'sub/b.tar'));
  });

  it('returns the directory itself for an empty pattern', async () => {
    const directory = await directoryWith('a.tar');
    expect(await findImage(directory, '')).toBe(directory);
  });

  it('refuses a link that leads out of the directory, but not one inside it', async () => {
    const outside = await directoryWith('image.tar');
    const directory = await directoryWith('real/image.tar');
    await symlink(join(outside, 'image.tar'), join(directory, 'file'));
    await symlink(outside, join(directory, 'folder'));
    await symlink('real', join(directory, 'inside'));
    await symlink('nowhere', join(directory, 'dangling'));
    for (const image of ['file', 'folder', 'folder/image.tar', 'fo*/*.tar']) {
      await expect(findImage(directory, image)).rejects.toThrow(
        /is a link to .*, which is not below the directory of the artifacts$/,
      );
    }
    for (const image of ['inside', 'inside/image.tar', 'dangling', `../${basename(outside)}/image.tar`]) {
      expect(await findImage(directory, image)).toBe(join(directory, image));
    }
  });

  it('names the path of the pattern when nothing matches', async () => {
    const error = await failureOf('image/image.tar', 'image.tar');
    expect(error).toBeInstanceOf(UserError);
    expect(errorText(error)).toBe("no files match glob 'image/image.tar'");
    expect(errorHint(error)).toMatch(
      /it was looked for as (\/.+)\/image\/image\.tar; in \1 there is: image\.tar$/,
    );
  });

  it.each([
    ['out/*.tgz', ['out/image.tar', 'out/version'], 'out there is: image.tar, version'],
    ['*/none.tar', ['out/image.tar', 'src/main.go'], ' there is: out, src'],
    ['deep/down/*/x', ['deep/other'], 'deep there is: other'],
  ])('lists what there is instead of %s', async (image, names, expected) => {
    expect(errorHint(await failureOf(image, ...names))?.endsWith(expected)).toBe(true);
  });

  it('reports that the directory is empty', async () => {
    expect(errorHint(await failureOf('image.tar'))).toMatch(/ is empty$/);
  });

  it('lists the matches when there are several', async () => {
    const error = await failureOf('*.tar', 'b.tar', 'a.tar');
    expect(error).toBeInstanceOf(UserError);
    expect(errorText(error)).toMatch(
      /^too many files\/directories match glob '\*\.tar': \/.+\/a\.tar, \/.+\/b\.tar$/,
    );
  });

  it('lists only some of many matches', async () => {
    const names = Array.from({ length: 25 }, (_, position) => `image-${position}.tar`);
    expect(errorText(await failureOf('*', ...names))).toMatch(/, and 15 more$/);
  });

  it('reports a malformed pattern when its directory is missing too', async () => {
    expect(errorText(await failureOf('nowhere/[a'))).toContain('syntax error in pattern');
  });
});

// "\xff" is a legal file name on Linux, but not UTF-8.
describe.runIf(process.platform === 'linux')('names that are not UTF-8', () => {
  const broken = Buffer.from('im\xffge.tar', 'latin1');

  it('counts names that are not UTF-8 as matches', async () => {
    expect(errorText(await failureOf('*.tar', broken, 'a.tar'))).toContain('too many files');
  });

  it('refuses an image whose name is not UTF-8', async () => {
    expect(errorText(await failureOf('*.tar', broken))).toContain('not UTF-8');
  });

  it('searches directories whose names are not UTF-8', async () => {
    const inside = Buffer.concat([Buffer.from('im\xffge', 'latin1'), Buffer.from('/image.tar')]);
    const directory = await directoryWith(inside);
    expect(await glob(`${directory}/im?ge/*`)).toEqual([
      Buffer.concat([Buffer.from(`${directory}/`), inside]),
    ]);
  });
});
