// Entries of a tag list that no registry can have as tags are left out by check and out.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { runOut } from '../../src/command/out.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCommand } from '../support/run-command.ts';

const name = 'team/app';
const entries = [
  `sha256:${'0'.repeat(64)}`,
  '-ot-beta',
  'a/b',
  '',
  '.hidden',
  'x'.repeat(129),
  'a\u001b[31m',
  '9+1',
];

let image: Image;
let directory: string;

beforeAll(async () => {
  image = await buildImage();
  directory = mkdtempSync(join(tmpdir(), 'list-tags-'));
  writeFileSync(join(directory, 'image.tar'), await dockerArchive(image, { layout: 'classic' }));
});

afterAll(() => rmSync(directory, { recursive: true }));

async function registryWith(...tags: readonly string[]) {
  const registry = await registryForTest({ tagOrder: 'created' });
  for (const tag of tags) {
    seed(registry, name, tag, image);
  }
  return registry;
}

describe.each(entries)('the entry %j of a tag list', (entry) => {
  it.each<[string, object, string]>([
    ['a pattern', { tag_regex: '^.*$' }, '1.0.0 1.1.0-beta'],
    ['a pattern and sorting', { tag_regex: '^.*$', created_at_sort: true }, '1.0.0 1.1.0-beta'],
    ['versions', { pre_releases: true }, '1.0.0'],
    ['a variant', { variant: entry || 'none' }, ''],
  ])('is left out by a check with %s', async (_, source, expected) => {
    const registry = await registryWith('1.0.0', entry, '1.1.0-beta');
    const { answer = '[]', stderr } = await runCommand(runCheck, {
      request: { source: { repository: `${registry.host}/${name}`, debug: true, ...source } },
    });
    expect(
      JSON.parse(answer)
        .map(({ tag }: { tag: string }) => tag)
        .join(' '),
    ).toBe(expected);
    expect(stderr).toContain('1 of the listed tags cannot be tags, ignored: "');
    expect(stderr).not.toContain('a\u001b');
    expect(registry.requests.filter(({ path }) => path.includes('manifests'))).toSatisfy((requests) =>
      requests.every(({ path }: { path: string }) =>
        /\/(1\.0\.0|1\.1\.0-beta|sha256:[0-9a-f]{64})$/.test(path),
      ),
    );
  });

  it('keeps no alias of a put from moving', async () => {
    const registry = await registryWith('1.0.0', entry);
    const params = { image: 'image.tar', version: '1.0.1', bump_aliases: true };
    const { answer = '' } = await runCommand(runOut, {
      request: { source: { repository: `${registry.host}/${name}` }, params },
      directory,
    });
    expect(JSON.parse(answer).metadata[1].value).toBe('1.0.1 latest 1 1.0');
  });
});

it('logs which tag keeps an alias of a put from moving', async () => {
  const registry = await registryWith('1.0.0', '20240115');
  const { answer = '', stderr } = await runCommand(runOut, {
    request: {
      source: { repository: `${registry.host}/${name}` },
      params: { image: 'image.tar', version: '1.0.1', bump_aliases: true },
    },
    directory,
  });
  expect(JSON.parse(answer).metadata[1].value).toBe('1.0.1 1 1.0');
  expect(stderr).toContain('alias latest does not move: the repository has the newer version 20240115');
});
