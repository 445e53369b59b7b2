// source.verify in check, in and out: what is signed passes, nothing else does, and nothing is written before that.
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { runIn } from '../../src/command/in.ts';
import { runOut } from '../../src/command/out.ts';
import type { Command } from '../../src/process/surroundings.ts';
import { readPublicKey } from '../../src/signing/public-key.ts';
import {
  buildImage,
  buildIndex,
  type Image,
  type Index,
  jsonDocument,
  type Root,
  seed,
} from '../support/images.ts';
import { file } from '../support/layers.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCommand } from '../support/run-command.ts';
import {
  bundleOf,
  createKey,
  legacySignature,
  seedBundle,
  seedLegacy,
  signSeeded,
  simplePayload,
  statementOf,
} from '../support/signatures.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/app';
const key = createKey();
const stranger = createKey();
const signer = `by key ${readPublicKey(key.publicPem, 'the key').id}`;
const verify = { keys: [key.publicPem] };

let registry: TestRegistry;
let directory: string;
let image: Image;
let index: Index;

beforeEach(async () => {
  registry = await registryForTest({ referrers: true });
  directory = await temporaryDirectory();
  image = await buildImage({ layers: [[file('etc/motd', 'hello')]] });
  index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })]);
});

async function run(command: Command, source: object, more: object = {}) {
  const { answer, stderr } = await runCommand(command, {
    request: { source: { repository: `${registry.host}/${name}`, ...source }, ...more },
    directory,
  });
  return {
    answer: answer === undefined ? undefined : JSON.parse(answer),
    stderr: stderr.replaceAll('\x1b', ''),
  };
}

const get = (root: Root, source: object = { verify }, params: object = {}) =>
  run(runIn, source, { params, version: { tag: '1.0', digest: root.digest } });
const seeded = (root: Root, tag = '1.0', repository = name) => seed(registry, repository, tag, root);
const layerRequests = () =>
  registry.journal.select({ path: /\/blobs\// }).filter(({ path }) => isLayer(path));
const isLayer = (path: string) => image.layers.some(({ digest }) => path.endsWith(digest));

describe('a get with verify', () => {
  it.each(['bundle', 'legacy'] as const)(
    'unpacks an image with a %s signature, and says who signed it',
    async (format) => {
      seeded(image);
      signSeeded(registry, name, image, key, format);
      const { answer, stderr } = await get(image);
      expect(answer?.metadata, stderr).toContainEqual({ name: 'verified', value: signer });
      expect(readdirSync(join(directory, 'rootfs', 'etc'))).toEqual(['motd']);
      expect(stderr).toContain(`verified ${image.digest}: ${signer}`);
    },
  );

  it.each(['rootfs', 'oci', 'oci-layout'])(
    'fails for an image without a signature before a byte of it is fetched: %s',
    async (format) => {
      seeded(image);
      const { answer, stderr } = await get(image, { verify }, { format });
      expect(answer).toBeUndefined();
      expect(stderr).toContain(
        `${registry.host}/${name}@${image.digest} is not verified: it has no signature`,
      );
      expect(stderr).toContain('see docs/signing.md');
      expect(layerRequests()).toEqual([]);
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  it('fails for the signature of a stranger, also when nothing is downloaded', async () => {
    seeded(image);
    signSeeded(registry, name, image, stranger);
    for (const params of [{}, { skip_download: true }]) {
      const { answer, stderr } = await get(image, { verify }, params);
      expect(answer).toBeUndefined();
      expect(stderr).toContain('none of the keys has signed it, or it was altered');
    }
  });

  it('takes the signature of the index for the image that is chosen from it', async () => {
    seeded(index);
    signSeeded(registry, name, index, key);
    const { answer } = await get(index);
    expect(answer?.metadata).toContainEqual({ name: 'verified', value: signer });
    expect(layerRequests()).toHaveLength(1);
  });

  it('does not take the signature of a child for the index', async () => {
    seeded(index);
    signSeeded(registry, name, image, key);
    const { answer, stderr } = await get(index);
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`@${index.digest} is not verified: it has no signature`);
  });

  it('only warns with mode warn, and says so in the metadata', async () => {
    seeded(image);
    const { answer, stderr } = await get(image, { verify: { ...verify, mode: 'warn' } });
    expect(answer?.metadata).toContainEqual({ name: 'verified', value: 'no' });
    expect(stderr).toMatch(/WARN.* is not verified: it has no signature/);
    expect(readdirSync(join(directory, 'rootfs', 'etc'))).toEqual(['motd']);
  });

  it('only warns with mode warn when the registry cannot be asked', async () => {
    registry = await registryForTest({
      faults: [{ path: /\/referrers\//, fault: { kind: 'status', status: 403 } }],
    });
    seeded(image);
    const { answer, stderr } = await get(image, { verify: { ...verify, mode: 'warn' } });
    expect(answer?.metadata, stderr).toContainEqual({ name: 'verified', value: 'no' });
    expect((await get(image)).answer).toBeUndefined();
  });

  it('requires the annotations, and two keys with a threshold of two', async () => {
    seeded(image);
    const second = createKey('P-384');
    seedBundle(registry, name, image, bundleOf(statementOf(image.digest, {}, { env: 'prod' }), key));
    const both = { keys: [key.publicPem, second.publicPem] };
    const answers = async (settings: object) => (await get(image, { verify: settings })).answer !== undefined;
    expect(await answers({ ...both, annotations: { env: 'prod' } })).toBe(true);
    expect(await answers({ ...both, annotations: { env: 'test' } })).toBe(false);
    expect(await answers({ ...both, threshold: 2 })).toBe(false);
    signSeeded(registry, name, image, second);
    expect(await answers({ ...both, threshold: 2 })).toBe(true);
  });

  it('warns when a legacy signature was made for another repository', async () => {
    seeded(image);
    seedLegacy(registry, name, image, [
      legacySignature(simplePayload(image.digest, 'ghcr.io/other/app'), key),
    ]);
    const { answer, stderr } = await get(image);
    expect(answer).toBeDefined();
    expect(stderr).toMatch(/WARN.* was made for "ghcr.io\/other\/app", not for /);
  });

  it('does not warn when it was made for a tag of this repository', async () => {
    seeded(image);
    const reference = `${registry.host}/${name}:1.0`;
    seedLegacy(registry, name, image, [legacySignature(simplePayload(image.digest, reference), key)]);
    expect((await get(image)).stderr).not.toContain('was made for');
  });

  it('asks nothing about signatures without verify', async () => {
    seeded(image);
    signSeeded(registry, name, image, key);
    const { answer } = await get(image, {});
    expect(answer?.metadata.map((field: { name: string }) => field.name)).toEqual(['repository', 'tag']);
    expect(registry.journal.select({ path: /referrers|\.sig$/ })).toEqual([]);
  });
});

describe('a get from a mirror with verify', () => {
  const mirrored = (origin: string) =>
    run(
      runIn,
      {
        repository: `${origin}/${name}`,
        registry_mirror: { host: registry.host, for: origin },
        verify,
      },
      { version: { tag: '1.0', digest: image.digest } },
    );

  it('takes the signature that the mirror has', async () => {
    seeded(image);
    signSeeded(registry, name, image, key);
    const { answer, stderr } = await mirrored('127.0.0.1:1');
    expect(answer?.metadata, stderr).toContainEqual({ name: 'verified', value: signer });
  });

  it('asks the registry itself when the mirror has none, before the image is fetched', async () => {
    const origin = await registryForTest({ referrers: true });
    seed(origin, name, '1.0', image);
    seeded(image);
    signSeeded(origin, name, image, key);
    const { answer, stderr } = await mirrored(origin.host);
    expect(answer?.metadata, stderr).toContainEqual({ name: 'verified', value: signer });
    expect(stderr).toMatch(/WARN.*verifying on mirror .* it has no signature/);
    expect(layerRequests()).toHaveLength(1);
    expect(origin.journal.select({ path: /\/blobs\// })).toHaveLength(1);
  });
});

describe('a check with verify', () => {
  const tags = ['1.0.0', '1.1.0', '2.0.0'];
  const check = (settings: object, more: object = {}) => run(runCheck, { verify: settings, ...more });

  beforeEach(async () => {
    for (const [position, tag] of tags.entries()) {
      const version = await buildImage({ layers: [[file(tag)]] });
      seeded(version, tag);
      if (position !== 1) {
        signSeeded(registry, name, version, position === 0 ? key : stranger);
      }
    }
  });

  const found = async (settings: object) => {
    const { answer } = await check(settings, { tag_regex: '.*' });
    return (answer as { tag: string }[]).map(({ tag }) => tag).filter((tag) => tags.includes(tag));
  };

  it('lists versions without a signature, and asks for none', async () => {
    expect(await found(verify)).toEqual(tags);
    expect(registry.journal.select({ path: /referrers|\.sig$/ })).toEqual([]);
  });

  it('leaves them out with check, and warns of each', async () => {
    expect(await found({ ...verify, check: true })).toEqual(['1.0.0']);
    const { stderr } = await check({ ...verify, check: true }, { tag: '2.0.0' });
    expect(stderr).toMatch(/WARN.*left out .* is not verified: no signature counts; bundle signature/);
  });

  it('leaves out none with check and mode warn, and warns that check has no effect', async () => {
    expect(await found({ ...verify, check: true, mode: 'warn' })).toEqual(tags);
    const { stderr } = await check({ ...verify, check: true, mode: 'warn' }, { tag: '1.0.0' });
    expect(stderr).toContain('source.verify.check has no effect with "mode: warn"');
  });

  it('lists a version of a mirror whose signature only the registry itself has', async () => {
    const origin = await registryForTest({ referrers: true });
    seeded(image, '3.0.0');
    seed(origin, name, '3.0.0', image);
    signSeeded(origin, name, image, key);
    const source = {
      repository: `${origin.host}/${name}`,
      registry_mirror: { host: registry.host, for: origin.host },
      tag_regex: '.*',
      verify: { ...verify, check: true },
    };
    const { answer, stderr } = await run(runCheck, source);
    const listed = (answer as { tag: string }[]).map(({ tag }) => tag);
    expect([listed.includes('3.0.0'), listed.includes('2.0.0')], stderr).toEqual([true, false]);
  });

  it('fails when the registry cannot be asked: no version is left out for that', async () => {
    registry = await registryForTest({
      faults: [{ path: /\/referrers\//, fault: { kind: 'status', status: 403 } }],
    });
    seeded(image);
    const { answer, stderr } = await check({ ...verify, check: true }, { tag: '1.0' });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`verifying ${image.digest}`);
  });
});

describe('a put with verify', () => {
  const staging = 'staging/app';
  const put = (params: object, settings: object = verify) => run(runOut, { verify: settings }, { params });
  const writes = () => registry.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method));

  beforeEach(() => seeded(image, 'next', staging));

  it('promotes an image that is signed, and says who signed it', async () => {
    signSeeded(registry, staging, image, key);
    const { answer, stderr } = await put({ from: `${registry.host}/${staging}:next`, tags: ['1.0'] });
    expect(answer?.metadata, stderr).toContainEqual({ name: 'verified', value: signer });
    expect(registry.manifest(name, '1.0')?.bytes).toEqual(image.bytes);
  });

  it.each(['from', 'from of a get', 'manifests'])(
    'writes nothing for an image that is not signed: %s',
    async (kind) => {
      signSeeded(registry, staging, image, stranger);
      await mkdir(join(directory, 'app'));
      await writeFile(join(directory, 'app', 'digest'), image.digest);
      await writeFile(join(directory, 'app', 'repository'), `${registry.host}/${staging}`);
      const reference = `${registry.host}/${staging}:next`;
      const params = {
        from: { from: reference },
        'from of a get': { from: { get: 'app' } },
        manifests: { manifests: [{ ref: reference }] },
      }[kind];
      const { answer, stderr } = await put({ ...params, tags: ['1.0'] });
      expect(answer).toBeUndefined();
      expect(stderr).toContain(
        `${registry.host}/${staging}@${image.digest} is not verified: no signature counts`,
      );
      expect(writes()).toEqual([]);
    },
  );

  it('leaves what is published with only_if_changed when it is signed itself, not when it looks the same', async () => {
    signSeeded(registry, staging, image, key);
    const evil = await buildImage({ layers: [[file('etc/motd', 'evil')]] });
    seeded(evil, 'evil');
    const layersOf = ({ bytes }: Image) => JSON.parse(Buffer.from(bytes).toString());
    const alike = (more: object) => {
      const manifest = jsonDocument(image.mediaType, { ...layersOf(image), ...more });
      registry.putBlob(name, image.config.bytes);
      registry.putManifest(name, '1.0', manifest.mediaType, manifest.bytes);
      return manifest;
    };
    const params = { from: `${registry.host}/${staging}:next`, tags: ['1.0'], only_if_changed: true };
    const forged = alike({ layers: layersOf(evil).layers });
    const pushed = await put(params);
    expect(pushed.answer?.version.digest, pushed.stderr).toBe(image.digest);
    expect(pushed.stderr).toContain(`looks the same, but ${forged.digest} is not signed`);
    const own = alike({ annotations: { rebuilt: 'yes' } });
    signSeeded(registry, name, own, key);
    const kept = await put(params);
    expect(kept.answer?.version.digest, kept.stderr).toBe(own.digest);
  });

  it('writes with mode warn', async () => {
    const { answer } = await put(
      { from: `${registry.host}/${staging}:next`, tags: ['1.0'] },
      { ...verify, mode: 'warn' },
    );
    expect(answer?.metadata).toContainEqual({ name: 'verified', value: 'no' });
    expect(registry.tags(name)).toEqual(['1.0']);
  });
});

describe('settings that cannot be used fail before any request', () => {
  it.each([
    ['check', runCheck, { tag: '1.0' }, {}],
    ['in', runIn, {}, { version: { tag: '1.0', digest: `sha256:${'0'.repeat(64)}` } }],
    ['out', runOut, {}, { params: { from: 'ghcr.io/a/b:1', tags: ['1.0'] } }],
  ] as const)('of %s', async (_, command, source, more) => {
    const { answer, stderr } = await run(command, { ...source, verify: { keys: ['cosign.pub'] } }, more);
    expect(answer).toBeUndefined();
    expect(stderr).toContain('source.verify.keys[0] holds no PEM block');
    expect(registry.requests).toEqual([]);
  });

  it.each([
    ['null', '"verify":null'],
    ['null in capitals', '"VERIFY":null'],
    ['a second time, as null', '"verify":{"threshold":1},"verify":null'],
  ])('with verify stated as %s', async (_, member) => {
    const { answer, stderr } = await runCommand(runCheck, {
      request: `{"source":{"repository":"${registry.host}/${name}","tag":"1.0",${member}}}`,
      directory,
    });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('source.verify has no keys');
    expect(registry.requests).toEqual([]);
  });
});
