// registry-image compare: images on registries and on disk, as a table and as JSON.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
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

it.each([
  ['a reference without a tag', 'registry.example.com/app', 'names no tag and no digest'],
  ['a layout that does not exist', 'oci:/no/such', "could not load image from path '/no/such'"],
])('fails for %s', async (_, argument, message) => {
  const { code, stdout, stderr } = await runCli(['compare', argument, argument]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(message);
});
