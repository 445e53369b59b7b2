// Signatures through the executables: each kind of key in each format, the right signature and wrong ones.
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { imageWith, textFile } from '../support/promotion.ts';
import { pushImage, pushSeeded } from '../support/push-image.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { repositoryRoot, runExecutable, runRegistryImageExecutable } from '../support/run.ts';
import { findProgram, missingPrograms } from '../support/services.ts';
import {
  bundleOf,
  createKey,
  keyKinds,
  legacySignature,
  seedBundle,
  seedLegacy,
  seedReferrersTag,
  signSeeded,
  simplePayload,
  statementOf,
  type TestKey,
} from '../support/signatures.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/app';
const formats = ['bundle', 'legacy'] as const;
const environment = { TEST: 'true', HOME: '/nonexistent' };
let image: Image;
let other: Image;

beforeAll(async () => {
  image = await buildImage({ layers: [[file('etc/motd', 'hello')]] });
  other = await imageWith('other');
});

async function verify(
  registry: { readonly host: string },
  keys: readonly TestKey[],
  more: readonly string[] = [],
) {
  const files = await Promise.all(keys.map(({ publicPem }) => textFile('cosign.pub', publicPem)));
  const options = files.flatMap((path) => ['--key', path]);
  return await runRegistryImageExecutable(
    ['verify', `${registry.host}/${name}@${image.digest}`, ...options, ...more],
    { environment },
  );
}

async function get(
  registry: { readonly host: string },
  keys: readonly TestKey[],
  digest: string = image.digest,
) {
  const directory = await temporaryDirectory();
  const { status, stdout, stderr } = await runExecutable('in', {
    request: {
      source: {
        repository: `${registry.host}/${name}`,
        verify: { keys: keys.map(({ publicPem }) => publicPem) },
      },
      version: { tag: '1.0', digest },
    },
    directory,
  });
  return { status, stdout, stderr, files: readdirSync(directory) };
}

/** A registry with the image and one thing in the place of a signature. */
async function registryWith(attach: (registry: TestRegistry) => void): Promise<TestRegistry> {
  const registry = await registryForTest({ referrers: true });
  seed(registry, name, '1.0', image);
  attach(registry);
  return registry;
}

function altered(signature: string): string {
  const bytes = Buffer.from(signature, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes.toString('base64');
}

describe.each(keyKinds)('a signature by a %s key', (kind) => {
  const key = createKey(kind);
  const stranger = createKey(kind);

  it.each(formats)('is verified in the format %s', async (format) => {
    const registry = await registryWith((each) => signSeeded(each, name, image, key, format));
    const { status, stdout, stderr } = await verify(registry, [stranger, key]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('is verified: 1 of 2 keys have signed it');
  });

  it.each(formats)('is refused in the format %s when a stranger made it', async (format) => {
    const registry = await registryWith((each) => signSeeded(each, name, image, stranger, format));
    const { status, stdout } = await verify(registry, [key]);
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: expect.stringContaining('none of the keys has signed it'),
    });
  });

  it.each(formats)('is refused in the format %s when it was altered', async (format) => {
    const registry = await registryWith((each) => {
      if (format === 'legacy') {
        const right = legacySignature(simplePayload(image.digest), key);
        seedLegacy(each, name, image, [{ ...right, signature: altered(right.signature) }]);
      } else {
        const bundle = bundleOf(statementOf(image.digest), key);
        const signatures = bundle.dsseEnvelope.signatures.map(({ sig }) => ({ sig: altered(sig) }));
        seedBundle(each, name, image, { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures } });
      }
    });
    const { status, stdout } = await verify(registry, [key]);
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: expect.stringContaining('none of the keys has signed it'),
    });
  });

  it.each(formats)('is refused in the format %s when it signs another image', async (format) => {
    const registry = await registryWith((each) =>
      format === 'legacy'
        ? seedLegacy(each, name, image, [legacySignature(simplePayload(other.digest), key)])
        : seedBundle(each, name, image, bundleOf(statementOf(other.digest), key)),
    );
    const { status, stdout } = await verify(registry, [key]);
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: expect.stringContaining('it signs another image'),
    });
  });
});

describe('a get with verify', () => {
  const key = createKey();

  it.each(formats)('fetches an image with a %s signature, and nothing without it', async (format) => {
    const registry = await registryWith((each) => signSeeded(each, name, image, key, format));
    const signed = await get(registry, [key]);
    expect({ status: signed.status, stderr: signed.stderr.includes('verified sha256:') }).toEqual({
      status: 0,
      stderr: true,
    });
    expect(signed.files).toContain('rootfs');
    const refused = await get(registry, [createKey()]);
    expect(refused).toMatchObject({ status: 1, stdout: '', files: [] });
    expect(refused.stderr).toContain('is not verified: no signature counts');
  });
});

/** The private key as PKCS#8, encrypted with a password, or as cosign's own form where the vector has it. */
const privatePem = ({ privateKey }: TestKey, password?: string) =>
  privateKey
    .export({
      type: 'pkcs8',
      format: 'pem',
      ...(password === undefined ? {} : { cipher: 'aes-256-cbc', passphrase: password }),
    })
    .toString();

async function sign(
  registry: { readonly host: string },
  pem: string,
  more: readonly string[] = [],
  password = '',
) {
  const path = await textFile('signing.key', pem);
  return await runRegistryImageExecutable(
    ['sign', `${registry.host}/${name}@${image.digest}`, '--key', path, ...more],
    { environment: { ...environment, COSIGN_PASSWORD: password } },
  );
}

describe.each(keyKinds)('a private key of the kind %s', (kind) => {
  const key = createKey(kind);

  it.each([undefined, 'secret'])(
    'signs in both formats what verify verifies, with the password %s',
    async (password) => {
      const registry = await registryWith(() => {});
      const signed = await sign(registry, privatePem(key, password), ['--format', 'both'], password);
      expect(signed).toMatchObject({ status: 0, stderr: '' });
      const { status, stdout } = await verify(registry, [key]);
      expect({ status, formats: stdout.match(/^(bundle|legacy)(?=.* counts )/gm) }).toEqual({
        status: 0,
        formats: ['bundle', 'legacy'],
      });
      expect(await verify(registry, [createKey(kind)])).toMatchObject({ status: 1 });
    },
  );
});

describe("a private key in cosign's own form", () => {
  const vector = JSON.parse(readFileSync(join(repositoryRoot, 'test', 'vectors', 'cosign.json'), 'utf8'));

  it('signs with the right password, and nothing without it', async () => {
    const registry = await registryWith(() => {});
    const refused = await sign(registry, vector.private_key, [], 'wrong');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('cannot be decrypted');
    expect(await sign(registry, vector.private_key, [], vector.password)).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(await verify(registry, [{ ...createKey(), publicPem: vector.public_key }])).toMatchObject({
      status: 0,
    });
  });
});

describe('a put with sign', () => {
  it('publishes what a get with verify accepts, and refuses with another key', async () => {
    const registry = await registryForTest({ referrers: true });
    const key = createKey('Ed25519');
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
    const { status, stdout } = await runExecutable('out', {
      request: {
        source: { repository: `${registry.host}/${name}` },
        params: { image: 'image.tar', tags: ['1.0'], sign: { key: privatePem(key) } },
      },
      directory,
    });
    expect(status).toBe(0);
    const { digest } = JSON.parse(stdout).version;
    expect(await get(registry, [key], digest)).toMatchObject({ status: 0 });
    expect(await get(registry, [createKey('Ed25519')], digest)).toMatchObject({ status: 1, files: [] });
  });
});

describeServices(['docker-registry'], 'on a real registry without a referrers endpoint', () => {
  it.each(formats)(
    'a signature in the format %s is verified, and that of a stranger refused',
    async (format) => {
      await using registry = await startDockerRegistry();
      await pushImage(registry, name, image, '1.0');
      const key = createKey();
      await pushSeeded(registry, (target) => {
        const manifest = signSeeded(target, name, image, key, format);
        if (format === 'bundle') {
          seedReferrersTag(target, name, image, [manifest]);
        }
      });
      expect(await verify(registry, [key])).toMatchObject({ status: 0, stderr: '' });
      expect(await verify(registry, [createKey()])).toMatchObject({ status: 1 });
    },
  );

  it('sign adds a signature in both formats, and nothing the second time', async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, name, image, '1.0');
    const key = createKey();
    const outcomes = async () => {
      const { stdout } = await sign(registry, privatePem(key), ['--format', 'both', '--json']);
      return JSON.parse(stdout).signatures.map(({ outcome }: { outcome: string }) => outcome);
    };
    expect(await outcomes()).toEqual(['signed', 'signed']);
    expect(await outcomes()).toEqual(['present', 'present']);
    expect(await verify(registry, [key])).toMatchObject({ status: 0 });
  });
});

const cosign = findProgram('cosign');
const needed = missingPrograms(['docker-registry']);

/** Each verifies what the other one has signed. */
describe.skipIf(cosign === undefined || needed.length > 0)('where cosign is installed', () => {
  const bundleOption = { bundle: [], legacy: ['--new-bundle-format=false'] };
  const runCosign = async (home: string, ...args: readonly string[]) =>
    (await runProgram(cosign ?? '', args, { environment: { HOME: home, COSIGN_PASSWORD: 'secret' } })).status;

  it.each(keyKinds.flatMap((kind) => formats.map((format) => ({ kind, format }))))(
    'it verifies a $format signature that a $kind key has made here',
    async ({ kind, format }) => {
      await using registry = await startDockerRegistry();
      await pushImage(registry, name, image, '1.0');
      const home = await temporaryDirectory();
      const key = createKey(kind);
      await sign(registry, privatePem(key), ['--format', format]);
      const accepts = async ({ publicPem }: TestKey) =>
        (await runCosign(
          home,
          'verify',
          '--insecure-ignore-tlog',
          ...bundleOption[format],
          '--key',
          await textFile('cosign.pub', publicPem),
          `${registry.host}/${name}@${image.digest}`,
        )) === 0;
      expect([await accepts(key), await accepts(createKey(kind))]).toEqual([true, false]);
    },
  );

  it.each(formats)('a %s signature of its own counts here, and its key signs here', async (format) => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, name, image, '1.0');
    const home = await temporaryDirectory();
    const prefix = join(home, 'their');
    await runCosign(home, 'generate-key-pair', '--output-key-prefix', prefix);
    const options = ['--key', `${prefix}.key`, '--tlog-upload=false', '--use-signing-config=false', '-y'];
    const reference = `${registry.host}/${name}@${image.digest}`;
    expect(await runCosign(home, 'sign', ...options, ...bundleOption[format], reference)).toBe(0);
    const publicPem = readFileSync(`${prefix}.pub`, 'utf8');
    expect(await verify(registry, [{ ...createKey(), publicPem }])).toMatchObject({ status: 0 });
    const again = await sign(registry, readFileSync(`${prefix}.key`, 'utf8'), ['--format', format], 'secret');
    expect(again).toMatchObject({ status: 0, stdout: expect.stringMatching(/ present$/m) });
  });
});
