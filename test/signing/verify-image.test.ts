// Verifying an image on a registry: where signatures are found, and what a hostile registry may serve in their place.
import { beforeEach, describe, expect, it } from 'vitest';
import { maximumSignature, maximumSignatures } from '../../src/limits.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { readVerificationPolicy } from '../../src/signing/verification-policy.ts';
import { shortfall, verifyImage } from '../../src/signing/verify-image.ts';
import { buildImage, descriptorOf, type Image, jsonDocument, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import type { RegistryOptions, TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import {
  bundleOf,
  bundleType,
  createKey,
  legacySignature,
  seedBundle,
  seedLegacy,
  seedReferrersTag,
  signSeeded,
  simplePayload,
  statementOf,
  verifySettings,
} from '../support/signatures.ts';
import { openTestSession } from '../support/test-session.ts';

const name = 'team/app';
const key = createKey();
const second = createKey('Ed25519');
const stranger = createKey();
let image: Image;
let other: Image;

beforeEach(async () => {
  [image, other] = (await Promise.all(
    ['one', 'two'].map((content) => buildImage({ layers: [[file(content)]] })),
  )) as [Image, Image];
});

async function registryWith(options: RegistryOptions = { referrers: true }): Promise<TestRegistry> {
  const registry = await registryForTest(options);
  for (const root of [image, other]) {
    seed(registry, name, undefined, root);
  }
  return registry;
}

async function verify(
  registry: TestRegistry,
  { threshold = 1, read = 'all' as 'all' | 'enough', annotations = {} } = {},
) {
  const policy = await readVerificationPolicy(
    verifySettings({
      keys: [key.publicPem, second.publicPem],
      threshold: String(threshold),
      annotations,
    }),
    'verify',
  );
  const session = await openTestSession(`${registry.host}/${name}`);
  const verification = await verifyImage(session, image.digest, policy, read);
  return { ...verification, why: shortfall(verification, policy) };
}

const rightBundle = () => bundleOf(statementOf(image.digest), key);

describe('a signature is found', () => {
  it('by the referrers endpoint', async () => {
    const registry = await registryWith();
    const { digest } = signSeeded(registry, name, image, key);
    const { isVerified, verified } = await verify(registry);
    expect({ isVerified, manifests: verified.map(({ manifest }) => manifest) }).toEqual({
      isVerified: true,
      manifests: [digest],
    });
  });

  it('by the tag that stands in for a referrers endpoint', async () => {
    const registry = await registryWith({});
    seedReferrersTag(registry, name, image, [signSeeded(registry, name, image, key)]);
    expect((await verify(registry)).isVerified).toBe(true);
  });

  it.each([{ referrers: true }, {}])(
    'under the tag of legacy signatures, on a registry with %j',
    async (options) => {
      const registry = await registryWith(options);
      signSeeded(registry, name, image, key, 'legacy');
      expect((await verify(registry)).verified.map(({ format }) => format)).toEqual(['legacy']);
    },
  );

  it('among several legacy signatures under one tag', async () => {
    const registry = await registryWith();
    const signatures = [stranger, key].map((signer) => legacySignature(simplePayload(image.digest), signer));
    seedLegacy(registry, name, image, signatures);
    const { isVerified, rejected } = await verify(registry);
    expect({ isVerified, rejected: rejected.length }).toEqual({ isVerified: true, rejected: 1 });
  });

  it('in a bundle that the descriptor of its manifest embeds, without a request for it', async () => {
    const registry = await registryWith({});
    const bundle = seedBundle(registry, name, image, rightBundle());
    const entry = descriptorOf(bundle, { artifactType: bundleType, data: bundle.bytes.toString('base64') });
    const index = jsonDocument(mediaTypes.ociIndex, { schemaVersion: 2, manifests: [entry] });
    registry.putManifest(name, `sha256-${image.digest.slice(7)}`, mediaTypes.ociIndex, index.bytes);
    expect((await verify(registry)).isVerified).toBe(true);
    expect(registry.journal.select({ path: new RegExp(bundle.digest) })).toEqual([]);
  });
});

describe('a threshold of two', () => {
  it('is reached by two keys, in two formats', async () => {
    const registry = await registryWith();
    signSeeded(registry, name, image, key);
    signSeeded(registry, name, image, second, 'legacy');
    expect((await verify(registry, { threshold: 2 })).isVerified).toBe(true);
  });

  it('is not reached by one key that has signed twice', async () => {
    const registry = await registryWith();
    signSeeded(registry, name, image, key);
    seedBundle(registry, name, image, bundleOf(statementOf(image.digest, {}, { again: 'yes' }), key));
    signSeeded(registry, name, image, key, 'legacy');
    const { isVerified, verified, why } = await verify(registry, { threshold: 2 });
    expect({ isVerified, count: verified.length, why }).toEqual({
      isVerified: false,
      count: 3,
      why: '1 of 2 keys have signed it',
    });
  });

  it('is not reached by one of the keys and a stranger', async () => {
    const registry = await registryWith();
    signSeeded(registry, name, image, key);
    seedBundle(registry, name, image, bundleOf(statementOf(image.digest), stranger));
    const { isVerified, why } = await verify(registry, { threshold: 2 });
    expect(isVerified).toBe(false);
    expect(why).toContain('1 of 2 keys have signed it; bundle signature sha256:');
  });
});

it('reads no more signatures than are needed', async () => {
  const registry = await registryWith();
  signSeeded(registry, name, image, key);
  signSeeded(registry, name, image, second, 'legacy');
  expect((await verify(registry, { read: 'enough' })).verified).toHaveLength(1);
  expect(registry.journal.select({ path: /\.sig$/ })).toEqual([]);
});

describe('an image is not verified', () => {
  it('without a signature', async () => {
    expect(await verify(await registryWith())).toMatchObject({
      isVerified: false,
      why: 'it has no signature',
    });
  });

  it('by what else is attached to it, which is named', async () => {
    const registry = await registryWith();
    const attach = (more: object) => seedBundle(registry, name, image, rightBundle(), more);
    attach({ artifactType: 'application/vnd.cncf.notary.signature' });
    attach({ artifactType: 'application/spdx+json' });
    attach({ annotations: { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' } });
    const { isVerified, others, why } = await verify(registry);
    expect(isVerified).toBe(false);
    expect([...others].sort()).toEqual([
      'application/spdx+json',
      'application/vnd.cncf.notary.signature',
      'https://slsa.dev/provenance/v1',
    ]);
    expect(why).toContain('what else is attached to it is not verified: ');
  });

  it('by many other things that are attached to it, of which a message names some', async () => {
    const registry = await registryWith();
    for (let position = 0; position < 40; position++) {
      seedBundle(registry, name, image, rightBundle(), {
        artifactType: `application/${'x'.repeat(100)}${position}`,
      });
    }
    const { others, why } = await verify(registry);
    expect(others).toHaveLength(40);
    expect(why.length).toBeLessThan(700);
    expect(why).toMatch(/… \(40 types\)$/);
  });

  it('by the signatures of another image in the repository', async () => {
    const registry = await registryWith();
    signSeeded(registry, name, other, key);
    signSeeded(registry, name, other, key, 'legacy');
    expect((await verify(registry)).why).toBe('it has no signature');
  });
});

/** Puts something in the place of a signature, and the reason why it does not count. */
type Attack = readonly [title: string, attack: (registry: TestRegistry) => void, reason: string];

const attacks: readonly Attack[] = [
  [
    'a bundle for another image with this one as its subject',
    (r) => seedBundle(r, name, image, bundleOf(statementOf(other.digest), key)),
    'it signs another image',
  ],
  [
    'an attestation whose manifest says that it is a signature',
    (r) =>
      seedBundle(r, name, image, bundleOf(statementOf(image.digest, { predicateType: 'https://x/y' }), key)),
    'it is an attestation of the type "https://x/y", not a signature',
  ],
  [
    'a raw statement without a signature',
    (r) => seedBundle(r, name, image, statementOf(image.digest)),
    'it is not a sigstore bundle',
  ],
  ['an empty document', (r) => seedBundle(r, name, image, ''), 'the bundle is not a JSON document'],
  [
    'a manifest without layers',
    (r) => seedBundle(r, name, image, rightBundle(), { layers: [] }),
    'exactly one bundle',
  ],
  [
    'a manifest with a bundle of another media type',
    (r) =>
      seedBundle(r, name, image, rightBundle(), {
        layers: [descriptorOf(jsonDocument('application/json', rightBundle()))],
      }),
    'exactly one bundle',
  ],
  [
    'a bundle that the registry does not have',
    (r) =>
      seedBundle(r, name, image, rightBundle(), {
        layers: [{ mediaType: bundleType, size: 10, digest: digestOf('nothing') }],
      }),
    'BLOB_UNKNOWN',
  ],
  [
    'a bundle that is too large',
    (r) =>
      seedBundle(r, name, image, rightBundle(), {
        layers: [{ mediaType: bundleType, size: maximumSignature + 1, digest: digestOf('large') }],
      }),
    'too large for a signature',
  ],
  [
    'a manifest that is malformed',
    (r) => seedBundle(r, name, image, rightBundle(), { config: 'none' }),
    'config: a descriptor must be an object',
  ],
  [
    'a legacy signature of another image',
    (r) => seedLegacy(r, name, image, [legacySignature(simplePayload(other.digest), key)]),
    'it signs another image',
  ],
  [
    'a legacy signature of a stranger',
    (r) => seedLegacy(r, name, image, [legacySignature(simplePayload(image.digest), stranger)]),
    'none of the keys has signed it, or it was altered',
  ],
  [
    'a legacy signature with an altered payload',
    (r) => {
      const { signature } = legacySignature(simplePayload(image.digest, 'a'), key);
      seedLegacy(r, name, image, [
        { signature, payload: Buffer.from(JSON.stringify(simplePayload(image.digest, 'b'))) },
      ]);
    },
    'none of the keys has signed it, or it was altered',
  ],
  [
    'a legacy signature with a wrong annotation',
    (r) =>
      seedLegacy(r, name, image, [{ ...legacySignature(simplePayload(image.digest), key), signature: 'no' }]),
    'its signature is not base64',
  ],
  [
    'an index under the tag of legacy signatures',
    (r) => {
      const index = jsonDocument(mediaTypes.ociIndex, { schemaVersion: 2, manifests: [] });
      r.putManifest(name, `sha256-${image.digest.slice(7)}.sig`, index.mediaType, index.bytes);
    },
    'has members or the type of an index',
  ],
];

describe('what does not count, and does not hide a right signature:', () => {
  it.each(attacks)('%s', async (_, attack, reason) => {
    const registry = await registryWith();
    attack(registry);
    const { isVerified, rejected } = await verify(registry);
    expect(isVerified).toBe(false);
    expect(rejected.map((each) => each.reason)).toEqual([expect.stringContaining(reason)]);
    // Beside it, in the other format where the tag is taken.
    signSeeded(registry, name, image, second, rejected[0]?.format === 'legacy' ? 'bundle' : 'legacy');
    expect((await verify(registry)).isVerified).toBe(true);
  });

  it('a referrer of another image that the list names', async () => {
    const registry = await registryWith({});
    const foreign = seedBundle(registry, name, other, bundleOf(statementOf(other.digest), key));
    seedReferrersTag(registry, name, image, [foreign]);
    const { isVerified, rejected } = await verify(registry);
    expect(isVerified).toBe(false);
    expect(rejected.map(({ reason }) => reason)).toEqual([`it refers to another image, ${other.digest}`]);
  });

  it('a right bundle in a manifest without a subject', async () => {
    const registry = await registryWith({});
    const loose = seedBundle(registry, name, image, rightBundle(), { subject: undefined });
    seedReferrersTag(registry, name, image, [loose]);
    expect((await verify(registry)).rejected.map(({ reason }) => reason)).toEqual([
      'it refers to another image, none at all',
    ]);
  });

  it('a bundle whose bytes are changed on their way', async () => {
    const registry = await registryWith({
      referrers: true,
      faults: [{ method: 'GET', path: /\/blobs\//, fault: { kind: 'flip' } }],
    });
    signSeeded(registry, name, image, key);
    const { isVerified, rejected } = await verify(registry);
    expect({ isVerified, reasons: rejected.map(({ reason }) => reason) }).toEqual({
      isVerified: false,
      reasons: [expect.stringContaining('digest mismatch')],
    });
  });

  it('a manifest of a bundle that is changed on its way', async () => {
    const registry = await registryWith({});
    const bundle = signSeeded(registry, name, image, key);
    seedReferrersTag(registry, name, image, [{ ...bundle, digest: digestOf('another manifest') }]);
    expect((await verify(registry)).rejected).toHaveLength(1);
  });
});

describe('a registry that fails is an error, not an image without a signature:', () => {
  it.each([
    ['the list of referrers', /\/referrers\//],
    ['the manifest of a bundle', /\/manifests\/sha256:/],
    ['a bundle', /\/blobs\//],
    ['the tag of legacy signatures', /\.sig$/],
  ])('403 for %s', async (_, path) => {
    const registry = await registryWith({
      referrers: true,
      faults: [{ method: 'GET', path, fault: { kind: 'status', status: 403 } }],
    });
    signSeeded(registry, name, image, key);
    await expect(verify(registry)).rejects.toThrow(/403/);
  });
});

it('refuses more signatures than anybody makes', async () => {
  const registry = await registryWith();
  const signature = legacySignature(simplePayload(image.digest), stranger);
  seedLegacy(
    registry,
    name,
    image,
    Array.from({ length: maximumSignatures + 1 }, () => signature),
  );
  await expect(verify(registry)).rejects.toThrow(`has ${maximumSignatures + 1} signatures: more than`);
});

describe('a signature that cannot be read does not hide the right one:', () => {
  it('a bundle whose layer states another size', async () => {
    const registry = await registryWith();
    const content = Buffer.from(JSON.stringify(rightBundle()));
    const layer = { mediaType: bundleType, size: 3, digest: registry.putBlob(name, content) };
    seedBundle(registry, name, image, rightBundle(), { layers: [layer] });
    signSeeded(registry, name, image, key, 'legacy');
    const { isVerified, rejected } = await verify(registry);
    expect({ isVerified, reasons: rejected.map(({ reason }) => reason) }).toEqual({
      isVerified: true,
      reasons: [expect.stringContaining('expected 3 bytes')],
    });
  });

  it('a legacy payload that states another size', async () => {
    const registry = await registryWith();
    const signature = legacySignature(simplePayload(image.digest), key);
    const { mediaType, bytes } = seedLegacy(registry, name, image, [signature, signature]);
    const manifest = JSON.parse(Buffer.from(bytes).toString());
    manifest.layers[0].size = 3;
    const changed = jsonDocument(mediaType, manifest);
    registry.putManifest(name, `sha256-${image.digest.slice(7)}.sig`, mediaType, changed.bytes);
    const { isVerified, rejected } = await verify(registry);
    expect({ isVerified, rejected: rejected.length }).toEqual({ isVerified: true, rejected: 1 });
  });

  it('a referrer that is too large', async () => {
    const registry = await registryWith();
    seedBundle(registry, name, image, rightBundle(), { annotations: { filler: 'x'.repeat(300_000) } });
    signSeeded(registry, name, image, key, 'legacy');
    const { isVerified, rejected } = await verify(registry);
    expect({ isVerified, reasons: rejected.map(({ reason }) => reason) }).toEqual({
      isVerified: true,
      reasons: [expect.stringContaining('is too large')],
    });
  });
});
