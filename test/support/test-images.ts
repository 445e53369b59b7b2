// The images that upstream's live tests pull, built again with what matters in each, on a small root file system.
import { buildImage, type Image, type ImageOptions } from './images.ts';
import {
  buildLayer,
  directory,
  file,
  hardLink,
  type LayerEntry,
  opaque,
  symlink,
  whiteout,
} from './layers.ts';

const passwd =
  'root:x:0:0:root:/root:/bin/sh\nalex:x:1000:1000::/home/alex:/bin/sh\nsomeuser:x:1001:1001::/:/bin/sh\n';

/** A small replacement for the base layer of a distribution. */
export const baseEntries: readonly LayerEntry[] = [
  directory('bin'),
  file('bin/busybox', '#!/bin/false\n', { mode: 0o755 }),
  symlink('bin/sh', '/bin/busybox'),
  directory('etc'),
  file('etc/passwd', passwd),
  file('etc/os-release', 'ID=test\n'),
  directory('home'),
  directory('tmp', { mode: 0o1777 }),
];

/** The environment of base images. */
export const basePath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function onBase(layers: readonly (readonly LayerEntry[])[], run: ImageOptions['run'] = {}): Promise<Image> {
  return buildImage({
    format: 'docker',
    layers: [baseEntries, ...layers],
    run: { Env: [basePath], Cmd: ['/bin/sh'], ...run },
  });
}

/** An image of one text file. Different strings result in different versions of it. */
export function staticImage(text = 'hello!\n'): Promise<Image> {
  return buildImage({ format: 'docker', layers: [[file('Dockerfile', text)]], run: { Env: [basePath] } });
}

/** An image with environment and user for metadata.json. */
export function metadataImage(): Promise<Image> {
  return onBase([[directory('home/someuser', { uid: 1001, gid: 1001 })]], {
    Env: [basePath, 'FOO=1'],
    User: 'someuser',
  });
}

/** An image with entrypoint and arguments for metadata.json. */
export function entrypointImage(): Promise<Image> {
  return onBase([], { Entrypoint: ['/bin/sh'], Cmd: ['-c', 'echo hello world'] });
}

/** An image with `home/alex/birthday`: mode 0603, 1000:1000, 1991-06-03 05:30:30, changed in three layers. */
export function filePermissionsImage(): Promise<Image> {
  const home = directory('home/alex', { uid: 1000, gid: 1000, mode: 0o2755 });
  const birthday = (more: Partial<LayerEntry>) =>
    file('home/alex/birthday', '', { uid: 1000, gid: 1000, ...more });
  return onBase(
    [
      [home],
      [home, birthday({ mode: 0o644 })],
      [birthday({ mode: 0o603 })],
      [birthday({ mode: 0o603, mtime: new Date('1991-06-03T05:30:30Z') })],
    ],
    { User: 'alex' },
  );
}

/** An image with a file `a` and a symbolic link `b` to it, which an upper layer replaces by a file. */
export function symlinksImage(): Promise<Image> {
  return onBase([[file('a', 'symlinked\n')], [symlink('b', 'a')], [file('b', 'replaced\n')]]);
}

/** An image with a file, a hard link to it in the next layer, and then a whiteout of the first name. */
export function removedHardlinksImage(): Promise<Image> {
  const folder = directory('hardlink-test');
  const content = 'FROM test\n';
  return onBase([
    [folder, file('hardlink-test/Dockerfile', content)],
    [
      folder,
      file('hardlink-test/Dockerfile', content),
      hardLink('hardlink-test/hardlink-file', 'hardlink-test/Dockerfile'),
    ],
    [folder, whiteout('hardlink-test/Dockerfile')],
  ]);
}

/** An image with files and trees removed, created again, and created as another type, one layer for each step. */
export function whiteoutImage(): Promise<Image> {
  const one = directory('top-dir-1');
  const nested = directory('top-dir-1/nested-dir');
  return onBase([
    [one],
    [one, file('top-dir-1/nested-file')],
    [one, nested],
    [one, nested, file('top-dir-1/nested-dir/file-gone')],
    [one, nested, file('top-dir-1/nested-dir/file-recreated')],
    [one, nested, file('top-dir-1/nested-dir/file-then-dir')],
    [one, whiteout('top-dir-1/nested-dir')],
    [one, nested],
    [one, nested, file('top-dir-1/nested-dir/file-here')],
    [one, nested, file('top-dir-1/nested-dir/file-recreated')],
    [one, nested, directory('top-dir-1/nested-dir/file-then-dir')],
    [directory('top-dir-2')],
    [directory('top-dir-2'), file('top-dir-2/file-gone')],
    [directory('top-dir-2'), directory('top-dir-2/nested-dir-gone')],
    [directory('top-dir-2/nested-dir-gone'), file('top-dir-2/nested-dir-gone/nested-file-gone')],
    [whiteout('top-dir-2')],
    [directory('top-dir-3'), directory('top-dir-3/nested-dir-gone')],
    [directory('top-dir-3'), opaque('top-dir-3'), directory('top-dir-3/nested-dir')],
    [directory('top-dir-4', { uid: 1000, gid: 1000 })],
  ]);
}

/** An image with OCI media types whose layers are compressed with zstd. */
export async function zstdImage(): Promise<Image> {
  const layers = [baseEntries, [file('etc/motd', 'Hello from zstd image!\n'.repeat(100))]];
  return await buildImage({
    layers: await Promise.all(layers.map((entries) => buildLayer(entries, { compression: 'zstd' }))),
    run: { Env: [basePath], Cmd: ['echo', 'Hello from zstd image!'] },
  });
}
