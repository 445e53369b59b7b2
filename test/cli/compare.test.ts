// registry-image compare: images on registries and on disk, as a table and as JSON.
import { rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestHex } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { runProgram } from '../support/child-process.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, descriptorOf, jsonDocument, seed } from '../support/images.ts';
import { buildLayer, file } from '../support/layers.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const build = (content: string) => buildImage({ layers: [[file('etc/motd', content)]] });

it('finds no difference between a repository, a tarball and a layout of one image', async () => {
  const registry = await registryForTest();
  const directory = await temporaryDirectory();
  const image = await build('1');
  seed(registry, 'team/app', '1', image);
  await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
  await writeOciLayout(join(directory, 'layout'), image);
  const reference = `${registry.host}/team/app:1`;
  for (const other of [`docker-archive:${directory}/image.tar`, `oci:${directory}/layout`]) {
    expect(await runCli(['compare', reference, other])).toEqual({
      code: 0,
      stdout: 'no difference\n',
      stderr: '',
    });
  }
});

it.each<[string, (path: string) => Promise<void>, string]>([
  ['is missing', (path) => rm(path), 'is missing from the OCI layout'],
  ['was cut short', (path) => truncate(path, 9), 'has 9 bytes where its descriptor says'],
  [
    'is a link',
    async (path) => {
      await rename(path, `${path}.moved`);
      await symlink(`${path}.moved`, path);
    },
    'is a symbolic link',
  ],
  [
    'is a FIFO, which would block',
    async (path) => {
      await rm(path);
      await runProgram('mkfifo', [path]);
    },
    'is not a regular file',
  ],
])('fails for a layout in which a blob %s, although the digests are the same', async (_, spoil, message) => {
  const registry = await registryForTest();
  const layout = join(await temporaryDirectory(), 'layout');
  const image = await build('1');
  seed(registry, 'team/app', '1', image);
  for (const blob of [image.config, ...image.layers]) {
    await writeOciLayout(layout, image);
    const path = join(layout, 'blobs', 'sha256', digestHex(blob.digest));
    await spoil(path);
    const { code, stdout, stderr } = await runCli([
      'compare',
      `${registry.host}/team/app:1`,
      `oci:${layout}`,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${path} ${message}`);
    await rm(layout, { recursive: true });
  }
});

it('lists what differs, and exits with 2', async () => {
  const registry = await registryForTest();
  seed(registry, 'team/app', '1', await build('1'));
  seed(registry, 'team/app', '2', await build('22'));
  const args = ['compare', `${registry.host}/team/app:1`, `${registry.host}/team/app:2`];
  const table = await runCli(args);
  expect(table.code).toBe(2);
  expect(table.stdout).toMatch(
    /^files +\/etc\/motd +file 0644 0:0 1 bytes sha256:\w{64} +file 0644 0:0 2 bytes/m,
  );
  expect(table.stdout).toMatch(/2 differences\n$/);
  const { equal, differences } = JSON.parse((await runCli([...args, '--json'])).stdout);
  expect(equal).toBe(false);
  expect(differences.map(({ where, what }: Record<string, string>) => [where, what])).toEqual([
    ['layers', '001'],
    ['files', '/etc/motd'],
  ]);
});

it('compares the layers of an artifact by their digests, and looks for no files in them', async () => {
  const registry = await registryForTest();
  const { digest } = await seedChart(registry, 'a/chart', '1', 'one');
  const { digest: other } = await seedChart(registry, 'a/chart', '2', 'two');
  const args = ['compare', `${registry.host}/a/chart:1`, `${registry.host}/a/chart:2`];
  const { code, stdout } = await runCli([...args, '--json']);
  expect(code).toBe(2);
  expect(JSON.parse(stdout).differences).toEqual([{ where: 'layers', what: '001', a: digest, b: other }]);
  expect(await runCli(['compare', args[1] ?? '', args[1] ?? ''])).toMatchObject({ code: 0 });
});

/** Puts an artifact whose one layer is no archive into the registry. Returns the layer. */
async function seedChart(registry: TestRegistry, repository: string, tag: string, content: string) {
  const layer = await buildLayer(Buffer.from(content), {
    mediaType: 'application/vnd.cncf.helm.chart.content.v1',
  });
  const config = jsonDocument('application/vnd.cncf.helm.config.v1+json', { name: 'app' });
  const manifest = jsonDocument(mediaTypes.ociManifest, {
    schemaVersion: 2,
    config: descriptorOf(config),
    layers: [descriptorOf(layer)],
  });
  seed(registry, repository, tag, { ...manifest, config, layers: [layer], entry: {} });
  return layer;
}

it.each([
  ['a reference without a tag', 'registry.example.com/app', 'names no tag and no digest'],
  ['a layout that does not exist', 'oci:/no/such', "could not load image from path '/no/such'"],
])('fails for %s', async (_, argument, message) => {
  const { code, stdout, stderr } = await runCli(['compare', argument, argument]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(message);
});
