// --sign-key: what promote, apply, mirror and copy bring is signed at its destination before a tag moves to it.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { signedStatements } from '../support/attestations.ts';
import type { Image } from '../support/images.ts';
import { storedBundles, verifiedBundle } from '../support/keyless.ts';
import { imageWith, manifestFile, registryWith, textFile } from '../support/promotion.ts';
import type { RegistryOptions, TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { createKey, signSeeded } from '../support/signatures.ts';
import { identityToken, type SigstoreServer, startSigstore } from '../support/sigstore-server.ts';
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
    expect([writes[0], writes.at(-1), writes.length]).toEqual([image.digest, '1.0', 4]);
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

describe('a signed record is left by', () => {
  const type = 'urn:x-registry-image-resource:promotion:v1';
  const commit = 'a'.repeat(40);
  const records = (registry = production, repository = name) =>
    signedStatements(registry, repository, key, type);
  const record = () => ({
    source: `${staging.host}/staging/app`,
    destination: `${production.host}/${name}`,
    digest: image.digest,
    tags: ['1.0'],
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    file: null,
    commit: null,
  });

  /** The manifest of the test in a checkout of git. */
  async function checkedOut(...tags: readonly string[]): Promise<string> {
    const folder = await temporaryDirectory();
    await mkdir(join(folder, '.git'));
    await writeFile(join(folder, '.git', 'HEAD'), `${commit}\n`);
    const path = join(folder, 'promotion.yaml');
    await copyFile(await manifest(...tags), path);
    return path;
  }

  it('promote, with the manifest and its commit', async () => {
    const path = await checkedOut('1.0', '1.1');
    await runCli(['promote', '--manifest', path, '--confirm', '--sign-key', keyFile]);
    expect(records()).toEqual([
      {
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: `${production.host}/${name}`, digest: { sha256: image.digest.slice(7) } }],
        predicateType: type,
        predicate: { ...record(), tags: ['1.0', '1.1'], file: 'promotion.yaml', commit },
      },
    ]);
    expect(manifestWrites().slice(-2).sort()).toEqual(['1.0', '1.1']);
  });

  it('promote, with the file of a thin manifest that lists the digest', async () => {
    const folder = await temporaryDirectory();
    for (const kind of ['manifests', 'images']) {
      await mkdir(join(folder, kind, 'app'), { recursive: true });
    }
    const registries = `registries:\n- name: ${staging.host}/staging\n  src: true\n- name: ${production.host}/prod\n`;
    await writeFile(join(folder, 'manifests', 'app', 'promoter-manifest.yaml'), registries);
    const images = join(folder, 'images', 'app', 'images.yaml');
    await writeFile(images, `- name: app\n  dmap:\n    "${image.digest}": ["1.0"]\n`);
    const { code, stderr } = await runCli([
      ...['promote', '--thin-manifest-dir', folder],
      ...['--confirm', '--sign-key', keyFile],
    ]);
    expect(code, stderr).toBe(0);
    expect(records()).toMatchObject([{ predicate: { ...record(), file: images } }]);
  });

  it('apply, with the plan', async () => {
    const plan = await textFile('plan.json', '');
    await runCli(['promote', '--manifest', await manifest('1.0'), '--out', plan]);
    await runCli(['apply', plan, '--sign-key', keyFile]);
    expect(records()).toMatchObject([{ predicate: { ...record(), file: plan } }]);
  });

  it('mirror, with the list', async () => {
    const list = await textFile('list.txt', `${staging.host}/staging/app:1.0\n`);
    await runCli(['mirror', list, '--to', `${production.host}/prod`, '--confirm', '--sign-key', keyFile]);
    const [{ predicate }] = records();
    expect(predicate).toMatchObject({
      source: `${staging.host}/staging/app`,
      digest: image.digest,
      file: list,
    });
  });

  it('copy, once for each time that something changes', async () => {
    const copy = (tag: string) =>
      runCli([
        ...['copy', `${staging.host}/staging/app:1.0`, `${production.host}/${name}:${tag}`],
        ...['--sign-key', keyFile],
      ]);
    await copy('1.0');
    await copy('1.0');
    await copy('1.1');
    const tags = records().map(({ predicate }) => predicate.tags);
    expect(tags.sort()).toEqual([['1.0'], ['1.1']]);
    expect(records()[0]).toMatchObject({ predicate: { ...record(), tags: expect.anything() } });
  });

  it('promote for a digest without a tag', async () => {
    await runCli(['promote', '--manifest', await manifest(), '--confirm', '--sign-key', keyFile]);
    expect(records()).toMatchObject([{ predicate: { digest: image.digest, tags: [] } }]);
    expect(manifestWrites().at(-1)).toBe(image.digest);
  });

  it('each promotion of a chain, and all of them travel along', async () => {
    const end = await registryWith({}, { referrers: true });
    const places = [
      `${staging.host}/staging/app:1.0`,
      `${production.host}/${name}:1.0`,
      `${end.host}/end/app:1.0`,
    ];
    for (const [step, to] of places.slice(1).entries()) {
      await runCli(['copy', places[step] ?? '', to, '--sign-key', keyFile]);
    }
    const sources = records(end, 'end/app').map(({ predicate }) => predicate.source);
    expect(sources.sort()).toEqual([`${staging.host}/staging/app`, `${production.host}/${name}`].sort());
  });

  it('nothing without a key, and no image of a disk', async () => {
    await runCli(['promote', '--manifest', await manifest('1.0'), '--confirm']);
    const layout = `oci:${await temporaryDirectory()}/layout`;
    await runCli(['copy', `${staging.host}/staging/app:1.0`, layout]);
    const { code, stderr } = await runCli([
      ...['copy', layout, `${production.host}/${name}:2.0`],
      ...['--sign-key', keyFile],
    ]);
    expect(code, stderr).toBe(0);
    expect(await isSigned()).toBe(true);
    expect(records()).toEqual([]);
  });
});

describe('as an identity', () => {
  const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
  const recordType = 'urn:x-registry-image-resource:promotion:v1';
  const environment = { SIGSTORE_ID_TOKEN: identityToken(identity) };
  let services: SigstoreServer;
  const options = () => ['--sign-fulcio-url', services.url, '--sign-rekor-url', services.url];
  const signers = (repository = name) =>
    ['https://sigstore.dev/cosign/sign/v1', recordType].map((type) =>
      storedBundles(production, repository, type).map((bundle) => {
        const { issuer, subject } = verifiedBundle(services.sigstore, bundle);
        return { issuer, subject };
      }),
    );

  beforeEach(async () => {
    services = await startSigstore();
    onTestFinished(() => services[Symbol.asyncDispose]());
  });

  it('promote signs and leaves records, with one certificate for all images', async () => {
    const second = await imageWith('second');
    staging = await registryWith(
      { 'staging/app:1.0': image, 'staging/second:1.0': second },
      { referrers: true },
    );
    const images = { app: [[image, '1.0']], second: [[second, '1.0']] } as const;
    const path = await manifestFile(staging, [production], images);
    const { code, stdout, stderr } = await runCli(
      ['promote', '--manifest', path, '--confirm', '--debug', ...options()],
      { environment },
    );
    expect(code, stderr).toBe(0);
    expect([...signers(), ...signers('prod/second')]).toEqual([
      [identity],
      [identity],
      [identity],
      [identity],
    ]);
    expect(services.journal.select({ path: '/api/v2/signingCert' })).toHaveLength(1);
    expect(stdout + stderr).not.toContain(environment.SIGSTORE_ID_TOKEN);
  });

  it('apply, mirror and copy sign, too', async () => {
    const plan = await textFile('plan.json', '');
    await runCli(['promote', '--manifest', await manifest('1.0'), '--out', plan]);
    await runCli(['apply', plan, ...options()], { environment });
    expect(signers()).toEqual([[identity], [identity]]);
    const list = await textFile('list.txt', `${staging.host}/staging/app:1.0\n`);
    const to = ['--to', `${production.host}/mirrored`, '--confirm'];
    await runCli(['mirror', list, ...to, ...options()], { environment });
    expect(signers('mirrored/app')).toEqual([[identity], [identity]]);
    const places = [`${staging.host}/staging/app:1.0`, `${production.host}/copied/app:1.0`];
    await runCli(['copy', ...places, ...options()], { environment });
    expect(signers('copied/app')).toEqual([[identity], [identity]]);
  });

  it('an edge for which Fulcio issues no certificate fails, and its tag does not move', async () => {
    services.faults.add({
      method: 'POST',
      path: '/api/v2/signingCert',
      fault: { kind: 'status', status: 403 },
    });
    const args = ['promote', '--manifest', await manifest('1.0'), '--confirm', ...options()];
    const { code, json } = await runCliJson(args, { environment });
    expect({ code, edges: json.edges }).toMatchObject({
      code: 1,
      edges: [{ outcome: 'failed', reason: expect.stringContaining('Fulcio has issued no certificate') }],
    });
    expect(production.tags(name)).toEqual([]);
  });

  it.each<[string, readonly string[], string]>([
    [
      'without a log and a timestamp',
      ['--sign-fulcio-url', 'https://a.test'],
      'neither --sign-rekor-url nor',
    ],
    ['without Fulcio', ['--sign-rekor-url', 'https://a.test'], '--sign-fulcio-url is missing'],
    [
      'with a key, too',
      ['--sign-fulcio-url', 'https://a.test', '--sign-key', 'x'],
      '--sign-key is given together with an identity',
    ],
    [
      'in the legacy format',
      [
        '--sign-fulcio-url',
        'https://a.test',
        '--sign-rekor-url',
        'https://a.test',
        '--sign-format',
        'legacy',
      ],
      'format legacy needs a key',
    ],
  ])('fails before any request %s', async (_, more, message) => {
    const args = ['promote', '--manifest', await manifest('1.0'), '--confirm', ...more];
    const { code, stdout, stderr } = await runCli(args, { environment });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect([...staging.requests, ...production.requests, ...services.journal.requests]).toEqual([]);
  });
});

it('an edge whose record is refused fails, and its tag does not move', async () => {
  let written = 0;
  production = await registryWith(
    {},
    {
      referrers: true,
      // The image and its signature come first.
      beside: ({ method, path }) =>
        method === 'PUT' && path.includes('/manifests/') && ++written > 2 ? { status: 403 } : undefined,
    },
  );
  const args = ['promote', '--manifest', await manifest('1.0'), '--confirm', '--sign-key', keyFile];
  const { code, json } = await runCliJson(args);
  expect({ code, edges: json.edges }).toMatchObject({
    code: 1,
    edges: [
      {
        outcome: 'failed',
        reason: expect.stringContaining(`attesting ${production.host}/${name}@${image.digest}`),
      },
    ],
  });
  expect(production.tags(name)).toEqual([]);
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
