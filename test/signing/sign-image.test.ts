// Signing an image on a registry: what is stored, where, and that the same key adds nothing the second time.
import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { repositoryTarget } from '../../src/registry/repository-target.ts';
import { signImage } from '../../src/signing/sign-image.ts';
import { readSigner } from '../../src/signing/sign-settings.ts';
import { readVerificationPolicy } from '../../src/signing/verification-policy.ts';
import { verifyImage } from '../../src/signing/verify-image.ts';
import { buildImage, buildIndex, type Document, descriptorOf, type Root, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import type { RegistryOptions, TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import {
  createKey,
  keyKinds,
  seedReferrersTag,
  signSeeded,
  type TestKey,
  verifySettings,
} from '../support/signatures.ts';
import { openTestSession } from '../support/test-session.ts';

const name = 'team/app';
const key = createKey();
const now = () => Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const image = await buildImage({ layers: [[file('signed')]] });
const index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })]);

async function registryWith(
  root: Root,
  options: RegistryOptions = { referrers: true },
): Promise<TestRegistry> {
  const registry = await registryForTest(options);
  seed(registry, name, '1.0', root);
  return registry;
}

const pemOf = ({ privateKey }: TestKey) => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const settings = {
  key: pemOf(key),
  password: '',
  format: 'bundle',
  annotations: {},
  recursive: false,
  keyless: { identityToken: '', fulcioUrl: '', rekorUrl: '', timestampUrl: '' },
};
/** With a key nothing of it is used. */
const surroundings = { environment: {}, addSecret() {}, now };
const services = (): never => {
  throw new Error('a key asks no service');
};

async function sign(registry: TestRegistry, root: Document, more: Partial<typeof settings> = {}) {
  const session = await openTestSession(`${registry.host}/${name}`, { actions: 'push,pull' });
  const signer = await readSigner({ ...settings, ...more }, 'sign', services, surroundings);
  const target = repositoryTarget(session, () => {});
  return await signImage(descriptorOf(root) as Descriptor, signer, { session, target, now });
}

async function verified(registry: TestRegistry, root: Document, trusted: TestKey = key, annotations = {}) {
  const session = await openTestSession(`${registry.host}/${name}`);
  const policy = await readVerificationPolicy(
    verifySettings({ keys: [trusted.publicPem], annotations }),
    'verify',
  );
  const { verified: found } = await verifyImage(session, root.digest, policy, 'all');
  return found.map(({ format }) => format);
}

const documentAt = (registry: TestRegistry, reference: string) =>
  JSON.parse(registry.manifest(name, reference)?.bytes.toString() ?? 'null');

describe.each(keyKinds)('with a %s key', (kind) => {
  const own = createKey(kind);

  it.each([{ referrers: true }, {}])('both formats verify, on a registry with %j', async (options) => {
    const registry = await registryWith(image, options);
    const made = await sign(registry, image, { key: pemOf(own), format: 'both' });
    expect(made.map(({ format, outcome }) => [format, outcome])).toEqual([
      ['bundle', 'signed'],
      ['legacy', 'signed'],
    ]);
    expect(await verified(registry, image, own)).toEqual(['bundle', 'legacy']);
    expect(await verified(registry, image, createKey(kind))).toEqual([]);
  });
});

it('a bundle is a referrer of the image with the annotations that cosign writes', async () => {
  const registry = await registryWith(image);
  const [made] = await sign(registry, image);
  const document = documentAt(registry, made?.manifest ?? '');
  expect(document).toMatchObject({
    artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    config: { mediaType: 'application/vnd.oci.empty.v1+json' },
    layers: [{ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' }],
    subject: descriptorOf(image),
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1',
      'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
    },
  });
  expect(registry.tags(name)).toEqual(['1.0']);
});

it('a bundle is listed under the tag of its image where a registry has no referrers endpoint', async () => {
  const registry = await registryWith(image, {});
  const [made] = await sign(registry, image);
  const { manifests } = documentAt(registry, `sha256-${image.digest.slice(7)}`);
  expect(manifests.map(({ digest }: Document) => digest)).toEqual([made?.manifest]);
});

it('the annotations are signed', async () => {
  const registry = await registryWith(image);
  await sign(registry, image, { format: 'both', annotations: { env: 'prod' } });
  expect(await verified(registry, image, key, { env: 'prod' })).toEqual(['bundle', 'legacy']);
  expect(await verified(registry, image, key, { env: 'test' })).toEqual([]);
});

describe('the same key on the same digest', () => {
  it.each([{ referrers: true }, {}])('adds nothing, on a registry with %j', async (options) => {
    const registry = await registryWith(image, options);
    const first = await sign(registry, image, { format: 'both', annotations: { env: 'prod' } });
    const before = registry.digests(name);
    const writes = () => registry.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method)).length;
    const written = writes();
    const again = await sign(registry, image, { format: 'both', annotations: { env: 'prod' } });
    expect(again).toEqual(first.map((each) => ({ ...each, outcome: 'present' })));
    expect(registry.digests(name)).toEqual(before);
    expect(writes()).toBe(written);
  });

  it('adds a signature with other annotations', async () => {
    const registry = await registryWith(image);
    await sign(registry, image, { annotations: { env: 'prod' } });
    for (const annotations of [{}, { env: 'test' }, { env: 'prod', team: 'a' }]) {
      expect((await sign(registry, image, { annotations })).map(({ outcome }) => outcome)).toEqual([
        'signed',
      ]);
    }
    expect(await verified(registry, image)).toHaveLength(4);
  });
});

it('a legacy signature is added to those of others', async () => {
  const registry = await registryWith(image);
  const other = createKey();
  signSeeded(registry, name, image, other, 'legacy');
  await sign(registry, image, { format: 'legacy' });
  expect(await verified(registry, image, other)).toEqual(['legacy']);
  expect(await verified(registry, image)).toEqual(['legacy']);
});

it('a legacy signature is stored again when another client replaced the tag at the same time', async () => {
  const tag = `sha256-${image.digest.slice(7)}.sig`;
  const other = createKey();
  let raced = false;
  const racing: TestRegistry = await registryForTest({
    referrers: true,
    beside: ({ method, path }) => {
      // The second read of the tag follows the first write.
      if (method === 'GET' && path.endsWith(tag) && racing.tags(name).includes(tag) && !raced) {
        raced = true;
        signSeeded(racing, name, image, other, 'legacy');
      }
      return undefined;
    },
  });
  seed(racing, name, '1.0', image);
  await sign(racing, image, { format: 'legacy' });
  expect(raced).toBe(true);
  expect(await verified(racing, image, other)).toEqual(['legacy']);
  expect(await verified(racing, image)).toEqual(['legacy']);
});

it('a bundle is listed again when another client replaced the tag of the referrers at the same time', async () => {
  const tag = `sha256-${image.digest.slice(7)}`;
  const other = createKey();
  let raced = false;
  const racing: TestRegistry = await registryForTest({
    beside: ({ method, path }) => {
      // The second read of the tag follows the first write.
      if (method === 'GET' && path.endsWith(tag) && racing.tags(name).includes(tag) && !raced) {
        raced = true;
        seedReferrersTag(racing, name, image, [signSeeded(racing, name, image, other)]);
      }
      return undefined;
    },
  });
  seed(racing, name, '1.0', image);
  await sign(racing, image);
  expect(raced).toBe(true);
  expect(await verified(racing, image, other)).toEqual(['bundle']);
  expect(await verified(racing, image)).toEqual(['bundle']);
});

describe('an index', () => {
  it('is signed alone', async () => {
    const registry = await registryWith(index);
    expect((await sign(registry, index)).map(({ digest }) => digest)).toEqual([index.digest]);
    expect(await verified(registry, image)).toEqual([]);
  });

  it('is signed with everything that it lists, indexes in it too, with recursive', async () => {
    const outer = buildIndex([index, image]);
    const registry = await registryWith(outer);
    const made = await sign(registry, outer, { recursive: true });
    const all = [outer, index, image, ...index.children.slice(1)].map(({ digest }) => digest);
    expect(made.map(({ digest }) => digest).sort()).toEqual(all.sort());
    expect(await verified(registry, image)).toEqual(['bundle']);
  });
});

it('names the image when the registry refuses', async () => {
  const registry = await registryWith(image, {
    referrers: true,
    faults: [{ method: 'PUT', path: /\/manifests\//, fault: { kind: 'status', status: 403 } }],
  });
  await expect(sign(registry, image)).rejects.toThrow(`signing ${registry.host}/${name}@${image.digest}`);
});

describe('settings that cannot be used', () => {
  it.each([
    ['no key', { key: '' }, 'sign.key is missing'],
    ['an unknown format', { format: 'bundel' }, 'sign.format is bundle, legacy or both, not "bundel"'],
    ['a format that every object has', { format: 'toString' }, 'sign.format is bundle, legacy or both'],
  ])('%s', async (_, more, message) => {
    await expect(readSigner({ ...settings, ...more }, 'sign', services, surroundings)).rejects.toThrow(
      message,
    );
  });
});
