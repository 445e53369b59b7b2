// Thin directories: which files are the manifests, what is missing or idle, and a part of a real directory.
import { execFileSync } from 'node:child_process';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maximumTreeDepth } from '../../src/limits.ts';
import { readManifests } from '../../src/promotion/read-manifests.ts';
import { digestNumber, readPath, registriesYaml, writeFiles } from './manifest-files.ts';

const manifest = (name: string) => registriesYaml(`r.example/staging-${name}`, `r.example/prod/${name}`);
const images = (name = 'app') => `- name: ${name}\n  dmap:\n    "${digestNumber(1)}": ["1"]\n`;

const whole = {
  'manifests/a/promoter-manifest.yaml': manifest('a'),
  'images/a/images.yaml': images(),
};

async function readFiles(files: Readonly<Record<string, string>>) {
  return readPath(await writeFiles(files));
}

it('reads the two halves of each manifest, by name', async () => {
  const { manifests, errors, warnings } = await readFiles({
    'manifests/b/promoter-manifest.yaml': manifest('b'),
    'images/b/images.yaml': '# No images yet\n',
    ...whole,
  });
  expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  expect(manifests).toMatchObject([
    {
      folder: 'a',
      file: expect.stringMatching(/manifests\/a\/promoter-manifest\.yaml$/),
      source: { name: 'r.example/staging-a', line: 2 },
      destinations: [{ name: 'r.example/prod/a' }],
      images: [
        { name: 'app', digests: [{ file: expect.stringMatching(/images\/a\/images\.yaml$/), line: 3 }] },
      ],
    },
    { folder: 'b', images: [] },
  ]);
});

it('reads a part of the manifests of Kubernetes without an error', async () => {
  const { manifests, errors, warnings } = await readPath(join(import.meta.dirname, 'kubernetes-sample'));
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    'images/k8s-staging-sched-simulator/images.yaml:1: no promoter manifest belongs to this list of images',
    'manifests/k8s-staging-without-manifest:1: the folder is skipped: it has no promoter-manifest.yaml',
  ]);
  const digests = manifests.flatMap((each) => each.images.flatMap((image) => image.digests));
  expect(manifests).toHaveLength(8);
  expect(digests).toHaveLength(276);
  expect(digests.flatMap(({ tags }) => tags)).toHaveLength(276);
});

describe('ignores', () => {
  it.each([
    [
      'other files',
      { 'images/README.md': '', 'manifests/a/OWNERS': 'x: [', 'images/a/check.go': '', OWNERS: '' },
    ],
    ['other folders', { 'archived/manifests/b/promoter-manifest.yaml': 'x: [' }],
    ['folders of images without a list', { 'images/b/OWNERS': '' }],
    [
      'names that begin with a dot',
      { 'manifests/.git/promoter-manifest.yaml': 'x: [', 'images/.b/images.yaml': '[' },
    ],
    ['files with another end of their name', { 'images/a/images.yml': 'x: [' }],
  ])('%s', async (_, files) => {
    const { errors, warnings, manifests } = await readFiles({ ...whole, ...files });
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    expect(manifests).toHaveLength(1);
  });
});

describe('warns of', () => {
  it.each([
    [
      'a folder without a manifest',
      { 'manifests/b/OWNERS': '' },
      'manifests/b:1: the folder is skipped: it has no promoter-manifest.yaml',
    ],
    [
      'a list of images without a manifest, whatever it says',
      { 'images/b/images.yaml': 'x: [' },
      'images/b/images.yaml:1: no promoter manifest belongs to this list of images',
    ],
    [
      'a list of images at another depth',
      { 'images/a/b/images.yaml': '' },
      'images/a/b/images.yaml:1: no promoter manifest belongs to this list of images',
    ],
    [
      'imagesPath',
      { 'manifests/a/promoter-manifest.yaml': `${manifest('a')}imagesPath: ../x.yaml\n` },
      'manifests/a/promoter-manifest.yaml:5: imagesPath is ignored: the images are in images/a/images.yaml',
    ],
  ])('%s', async (_, files, warning) => {
    const { errors, warnings } = await readFiles({ ...whole, ...files });
    expect(errors).toEqual([]);
    expect(warnings).toEqual([warning]);
  });
});

describe('reports', () => {
  it.each([
    [
      'a manifest without its images',
      { ...whole, 'manifests/b/promoter-manifest.yaml': manifest('b'), 'images/b/imaegs.yaml': images() },
      [
        'manifests/b/promoter-manifest.yaml:1: the images of the manifest are missing: there is no images/b/images.yaml',
      ],
    ],
    [
      'a manifest without a folder',
      { ...whole, 'manifests/promoter-manifest.yaml': manifest('b') },
      [
        'manifests/promoter-manifest.yaml:1: the manifest is not used: it must be at manifests/NAME/promoter-manifest.yaml',
      ],
    ],
    [
      'a manifest in a deeper folder',
      { ...whole, 'manifests/a/b/promoter-manifest.yaml': manifest('b') },
      [
        'manifests/a/b/promoter-manifest.yaml:1: the manifest is not used: it must be at manifests/NAME/promoter-manifest.yaml',
      ],
    ],
    [
      'an absent folder manifests',
      { 'images/a/images.yaml': images() },
      ['manifests:1: the folder does not exist'],
    ],
    [
      'an absent folder images',
      { 'manifests/a/promoter-manifest.yaml': manifest('a') },
      [
        'images:1: the folder does not exist',
        'manifests/a/promoter-manifest.yaml:1: the images of the manifest are missing: there is no images/a/images.yaml',
      ],
    ],
    [
      'both folders absent',
      { 'm.yaml': '' },
      ['images:1: the folder does not exist', 'manifests:1: the folder does not exist'],
    ],
    [
      'a folder that is a file',
      { manifests: '', 'images/README.md': '' },
      ['manifests:1: it is not a folder'],
    ],
    [
      'a directory without a manifest',
      { 'manifests/README.md': '', 'images/README.md': '' },
      [
        '.:1: the directory has no manifest: expected are manifests/NAME/promoter-manifest.yaml and images/NAME/images.yaml',
      ],
    ],
    [
      'faults in both halves, each in its file',
      {
        'manifests/a/promoter-manifest.yaml': `images: []\nregistries:\n- nam: r.example\n`,
        'images/a/images.yaml': `- name: app\n  dmap:\n    ${digestNumber(1)}: ["-"]\n- nam: b\n`,
        'manifests/b/promoter-manifest.yaml': '',
        'images/b/images.yaml': 'images:\n- name: b\n',
      },
      [
        'images/a/images.yaml:3: the tag "-" is not valid: a tag has up to 128 letters, digits, "_", "." and "-", and neither "." nor "-" at the beginning',
        'images/a/images.yaml:4: unknown key "nam": did you mean name?',
        'images/a/images.yaml:4: an image has no name',
        'images/a/images.yaml:4: an image has no dmap',
        'images/b/images.yaml:1: the images must be a list of maps with the keys name and dmap',
        'manifests/a/promoter-manifest.yaml:1: unknown key "images": the keys are registries, imagesPath',
        'manifests/a/promoter-manifest.yaml:3: unknown key "nam": did you mean name?',
        'manifests/a/promoter-manifest.yaml:3: a registry has no name',
        'manifests/b/promoter-manifest.yaml:1: the manifest is empty: registries is missing',
      ],
    ],
  ])('%s', async (_, files, errors) => expect((await readFiles(files)).errors).toEqual(errors));

  it('a path that does not exist', async () => {
    expect((await readPath(await writeFiles({}), 'none')).errors).toEqual([
      'none:1: the file cannot be read: no such file or directory',
    ]);
    const { errors } = await readManifests({ thinDirectory: '/nonexistent' });
    expect(errors.map(({ file }) => file)).toEqual(['/nonexistent/images', '/nonexistent/manifests']);
  });

  it('a named pipe in the place of a file, without waiting for it', async () => {
    const directory = await writeFiles({ ...whole, 'images/b/OWNERS': '', 'manifests/b/OWNERS': '' });
    execFileSync('mkfifo', [join(directory, 'manifests/b/promoter-manifest.yaml')]);
    execFileSync('mkfifo', [join(directory, 'images/b/images.yaml')]);
    expect((await readPath(directory)).errors).toEqual([
      'images/b/images.yaml:1: the file cannot be read: it is not a regular file',
      'manifests/b/promoter-manifest.yaml:1: the file cannot be read: it is not a regular file',
    ]);
  });
});

describe('a symbolic link', () => {
  it('may lead to anywhere in the directory, as in a mounted ConfigMap', async () => {
    const directory = await writeFiles({ '..2024/x': '' });
    await rename(await writeFiles(whole), join(directory, '..2024', 'data'));
    await symlink('..2024/data', join(directory, '..data'));
    await symlink('..data/manifests', join(directory, 'manifests'));
    await mkdir(join(directory, 'images/a'), { recursive: true });
    await symlink('../../..data/images/a/images.yaml', join(directory, 'images/a/images.yaml'));
    const { errors, warnings, manifests } = await readPath(directory);
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    expect(manifests).toHaveLength(1);
  });

  it('must not lead out of it', async () => {
    const outside = await writeFiles({ 'images.yaml': images() });
    const directory = await writeFiles(whole);
    await mkdir(join(directory, 'images/b'));
    await symlink(join(outside, 'images.yaml'), join(directory, 'images/b/images.yaml'));
    await symlink(outside, join(directory, 'images/c'));
    await symlink('/etc/hostname', join(directory, 'images/README.md'));
    expect((await readPath(directory)).errors).toEqual([
      'images/b/images.yaml:1: the symbolic link leads out of .',
      'images/c:1: the symbolic link leads out of .',
    ]);
  });

  it('that leads in circles ends', async () => {
    const directory = await writeFiles(whole);
    await symlink('.', join(directory, 'images/loop'));
    await symlink('../images', join(directory, 'images/other'));
    await symlink('images.yaml', join(directory, 'images/images.yaml'));
    const { errors } = await readPath(directory);
    expect(errors).toContain(
      'images/images.yaml:1: the symbolic link cannot be followed: too many symbolic links encountered',
    );
    expect(errors.some((error) => error.includes(`more than ${maximumTreeDepth} levels deep`))).toBe(true);
    expect(errors.filter((error) => error.includes('files and folders'))).toHaveLength(1);
  });
});
