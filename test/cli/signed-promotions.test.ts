// --sign-key: what promote, apply, mirror and copy bring is signed at its destination before a tag moves to it.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Image } from '../support/images.ts';
import { imageWith, manifestFile, registryWith, textFile } from '../support/promotion.ts';
import type { RegistryOptions, TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { createKey, signSeeded } from '../support/signatures.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const key = createKey();
const other = createKey();
const name = 'prod/app';

let staging: TestRegistry;
let production: TestRegistry;
let image: Image;
let keyFile: string;

beforeEach(async () => {
  image = await imageWith('promoted');
  staging = await registryWith({ 'staging/app:1.0': image }, { referrers: true });
  production = await registryWith({}, { referrers: true });
  keyFile = await textFile('signing.key', key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
});

async function isSigned(by = key, registry = production): Promise<boolean> {
  const file = await textFile('signing.pub', by.publicPem);
  return (await runCli(['verify', `${registry.host}/${name}@${image.digest}`, '--key', file])).code === 0;
}

const manifest = (...tags: readonly string[]) =>
  manifestFile(staging, [production], { app: [[image, ...tags]] });
const manifestWrites = (registry = production) =>
  registry.journal.select({ method: 'PUT', path: /\/manifests\// }).map(({ path }) => path.split('/').at(-1));

describe('an image is signed by', () => {
  it('promote', async () => {
    await runCli(['promote', '--manifest', await manifest('1.0'), '--confirm', '--sign-key', keyFile]);
    expect(await isSigned()).toBe(true);
    expect(await isSigned(other)).toBe(false);
    const writes = manifestWrites();
    expect([writes[0], writes.at(-1), writes.length]).toEqual([image.digest, '1.0', 3]);
  });

  it('apply', async () => {
    const plan = await textFile('plan.json', '');
    await runCli(['promote', '--manifest', await manifest('1.0'), '--out', plan, '--sign-key', keyFile]);
    expect(production.digests(name)).toEqual([]);
    expect((await runCli(['apply', plan, '--sign-key', keyFile])).code).toBe(0);
    expect(await isSigned()).toBe(true);
  });

  it('mirror', async () => {
    const list = await textFile('list.txt', `${staging.host}/staging/app:1.0\n`);
    await runCli(['mirror', list, '--to', `${production.host}/prod`, '--confirm', '--sign-key', keyFile]);
    expect(await isSigned()).toBe(true);
  });

  it('copy, in both formats', async () => {
    const { code } = await runCli([
      'copy',
      `${staging.host}/staging/app:1.0`,
      `${production.host}/${name}`,
      '--sign-key',
      keyFile,
      '--sign-format',
      'both',
    ]);
    expect(code).toBe(0);
    expect(await isSigned()).toBe(true);
    expect(production.tags(name)).toEqual(['1.0', `sha256-${image.digest.slice(7)}.sig`]);
  });

  it('copy to another tag of the repository of its source', async () => {
    const repository = `${staging.host}/staging/app`;
    await runCli(['copy', `${repository}:1.0`, `${repository}:2.0`, '--sign-key', keyFile]);
    const file = await textFile('signing.pub', key.publicPem);
    expect((await runCli(['verify', `${repository}:2.0`, '--key', file])).code).toBe(0);
  });
});

it('a digest without a tag is signed before it is there', async () => {
  await runCli(['promote', '--manifest', await manifest(), '--confirm', '--sign-key', keyFile]);
  expect(manifestWrites().at(-1)).toBe(image.digest);
  expect(await isSigned()).toBe(true);
});

it('signatures that travel along stay', async () => {
  signSeeded(staging, 'staging/app', image, other, 'legacy');
  const args = ['promote', '--manifest', await manifest('1.0'), '--confirm', '--sign-key', keyFile];
  await runCli([...args, '--sign-format', 'legacy']);
  expect([await isSigned(), await isSigned(other)]).toEqual([true, true]);
});

it('a dry run signs nothing', async () => {
  await runCli(['promote', '--manifest', await manifest('1.0'), '--sign-key', keyFile]);
  expect(production.digests(name)).toEqual([]);
});

it('an edge whose signature is refused fails, and its tag does not move', async () => {
  const options: RegistryOptions = {
    referrers: true,
    faults: [{ method: 'PUT', path: /\.sig$/, fault: { kind: 'status', status: 403 } }],
  };
  production = await registryWith({}, options);
  const args = ['promote', '--manifest', await manifest('1.0'), '--confirm', '--sign-key', keyFile];
  const { code, json } = await runCliJson([...args, '--sign-format', 'legacy']);
  const [edge] = json.edges as readonly { readonly outcome: string; readonly reason: string }[];
  expect({ code, outcome: edge?.outcome }).toEqual({ code: 1, outcome: 'failed' });
  expect(edge?.reason).toContain(`signing ${production.host}/${name}@${image.digest}`);
  expect(production.tags(name)).toEqual([]);
});

describe('fails before any request', () => {
  it.each<[string, readonly string[], string]>([
    ['with a format and no key', ['--sign-format', 'both'], '--sign-format is given without --sign-key'],
    [
      'with an unknown format',
      ['--sign-key', 'FILE', '--sign-format', 'x'],
      '.format is bundle, legacy or both',
    ],
    ['with a key that does not exist', ['--sign-key', '/nonexistent'], 'cannot be read'],
  ])('%s', async (_, more, message) => {
    const options = more.map((each) => (each === 'FILE' ? keyFile : each));
    const plan = await textFile('plan.json', '');
    const list = await textFile('list.txt', `${staging.host}/staging/app:1.0\n`);
    for (const command of [
      ['promote', '--manifest', await manifest('1.0')],
      ['mirror', list, '--to', `${production.host}/prod`],
      ['apply', plan],
      ['copy', `${staging.host}/staging/app:1.0`, `${production.host}/${name}`],
    ]) {
      const { code, stdout, stderr } = await runCli([...command, ...options]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(message);
    }
    expect([...staging.requests, ...production.requests]).toEqual([]);
  });

  it('for a destination on disk', async () => {
    const place = `oci:${await temporaryDirectory()}/layout`;
    const { code, stderr } = await runCli([
      'copy',
      `${staging.host}/staging/app:1.0`,
      place,
      '--sign-key',
      keyFile,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('--sign-key signs images on registries');
    expect(staging.requests).toEqual([]);
  });
});
