import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

describe('finding the image of a put', () => {
  it('gives the one match', async () => {
    const directory = await directoryWith('a.tar', 'sub/b.tar');
    expect(await findImage(directory, '*/*.tar')).toBe(join(directory, 'sub/b.tar'));
  });

  it('gives the directory itself for an empty pattern', async () => {
    const directory = await directoryWith('a.tar');
    expect(await findImage(directory, '')).toBe(directory);
  });

  it('says where it looked in vain', async () => {
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
  ])('says what there is instead of %s', async (image, names, expected) => {
    expect(errorHint(await failureOf(image, ...names))?.endsWith(expected)).toBe(true);
  });

  it('says that there is nothing at all', async () => {
    expect(errorHint(await failureOf('image.tar'))).toMatch(/ is empty$/);
  });

  it('names what matches when it is too much', async () => {
    const error = await failureOf('*.tar', 'b.tar', 'a.tar');
    expect(error).toBeInstanceOf(UserError);
    expect(errorText(error)).toMatch(
      /^too many files\/directories match glob '\*\.tar': \/.+\/a\.tar, \/.+\/b\.tar$/,
    );
  });

  it('keeps the list short when very much matches', async () => {
    const names = Array.from({ length: 25 }, (_, position) => `image-${position}.tar`);
    expect(errorText(await failureOf('*', ...names))).toMatch(/, and 15 more$/);
  });

  it('reports a malformed pattern even where nothing could match', async () => {
    expect(errorText(await failureOf('nowhere/[a'))).toContain('syntax error in pattern');
  });
});

// "\xff" is a legal file name on Linux, but not UTF-8.
describe.runIf(process.platform === 'linux')('names that are not UTF-8', () => {
  const broken = Buffer.from('im\xffge.tar', 'latin1');

  it('count as matches', async () => {
    expect(errorText(await failureOf('*.tar', broken, 'a.tar'))).toContain('too many files');
  });

  it('can not be the image', async () => {
    expect(errorText(await failureOf('*.tar', broken))).toContain('not UTF-8');
  });

  it('are entered as directories', async () => {
    const inside = Buffer.concat([Buffer.from('im\xffge', 'latin1'), Buffer.from('/image.tar')]);
    const directory = await directoryWith(inside);
    expect(await glob(`${directory}/im?ge/*`)).toEqual([
      Buffer.concat([Buffer.from(`${directory}/`), inside]),
    ]);
  });
});
