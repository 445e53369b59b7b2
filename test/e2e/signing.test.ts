// Signatures through the executables: each kind of key in each format, the right signature and wrong ones.
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeServices } from '../support/describe-services.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { imageWith, textFile } from '../support/promotion.ts';
import { pushImage, pushSeeded } from '../support/push-image.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runExecutable, runRegistryImageExecutable } from '../support/run.ts';
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

async function get(registry: { readonly host: string }, keys: readonly TestKey[]) {
  const directory = await temporaryDirectory();
  const { status, stdout, stderr } = await runExecutable('in', {
    request: {
      source: {
        repository: `${registry.host}/${name}`,
        verify: { keys: keys.map(({ publicPem }) => publicPem) },
      },
      version: { tag: '1.0', digest: image.digest },
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
});
