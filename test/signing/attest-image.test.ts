// Attesting something of an image on a registry: what is stored, where, and that the same claim adds nothing the second time.
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { repositoryTarget } from '../../src/registry/repository-target.ts';
import { attestImage } from '../../src/signing/attest-image.ts';
import { readAttestation } from '../../src/signing/attestation.ts';
import { keySigner } from '../../src/signing/bundle-signer.ts';
import { readSigningKey } from '../../src/signing/private-key.ts';
import { signedStatement } from '../support/attestations.ts';
import { buildImage, descriptorOf, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import type { RegistryOptions, TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { bundleOf, createKey, keyKinds, seedBundle, signSeeded, statementOf } from '../support/signatures.ts';
import { openTestSession } from '../support/test-session.ts';

const name = 'team/app';
const key = createKey();
const now = () => Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const image = await buildImage({ layers: [[file('attested')]] });
const other = await buildImage({ layers: [[file('other')]] });
const root = descriptorOf(image);
const sbom = '{"bomFormat": "CycloneDX", "version": 1.10}';
const bundleMediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

async function registryWith(options: RegistryOptions = { referrers: true }): Promise<TestRegistry> {
  const registry = await registryForTest(options);
  seed(registry, name, '1.0', image);
  return registry;
}

async function attest(registry: TestRegistry, { type = 'cyclonedx', content = sbom, by = key } = {}) {
  const session = await openTestSession(`${registry.host}/${name}`, { actions: 'push,pull' });
  const pem = by.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = keySigner(await readSigningKey(pem, '', 'key'));
  const target = repositoryTarget(session, () => {});
  return await attestImage(root, readAttestation(type, content, 'attest.', now()), signer, {
    session,
    target,
    now,
  });
}

const documentAt = (registry: TestRegistry, reference: string) =>
  JSON.parse(registry.manifest(name, reference)?.bytes.toString() ?? 'null');

it.each(keyKinds)('a %s key signs a statement with the content of the file as it is', async (kind) => {
  const registry = await registryWith();
  const by = createKey(kind);
  const { manifest, outcome } = await attest(registry, { by });
  const text = signedStatement(registry, name, manifest, by);
  expect(outcome).toBe('attested');
  expect(JSON.parse(text)).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: `${registry.host}/${name}`, digest: { sha256: image.digest.slice(7) } }],
    predicateType: 'https://cyclonedx.org/bom',
    predicate: JSON.parse(sbom),
  });
  expect(text).toContain(sbom);
});

it('is a referrer of the image with the annotations that cosign writes', async () => {
  const registry = await registryWith();
  const { manifest } = await attest(registry);
  expect(documentAt(registry, manifest)).toMatchObject({
    mediaType: mediaTypes.ociManifest,
    artifactType: bundleMediaType,
    config: { mediaType: 'application/vnd.oci.empty.v1+json' },
    layers: [{ mediaType: bundleMediaType }],
    subject: root,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': 'https://cyclonedx.org/bom',
      'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
    },
  });
  expect(registry.tags(name)).toEqual(['1.0']);
});

describe.each([{ referrers: true }, {}])('on a registry with %j', (options) => {
  it('the same claim by the same key adds nothing', async () => {
    const registry = await registryWith(options);
    const first = await attest(registry);
    const before = registry.digests(name);
    const again = await attest(registry, { content: '{"version":1.1,"bomFormat":"CycloneDX"}' });
    expect(again).toEqual({ ...first, outcome: 'present' });
    expect(registry.digests(name)).toEqual(before);
  });

  it('the same text adds nothing, although its time is another one', async () => {
    const registry = await registryWith(options);
    const first = await attest(registry, { type: 'custom', content: 'reviewed' });
    expect(await attest(registry, { type: 'custom', content: 'reviewed' })).toEqual({
      ...first,
      outcome: 'present',
    });
  });

  it.each([
    ['another key', { by: createKey() }],
    ['another claim', { content: '{}' }],
    ['another type', { type: 'vuln' }],
  ])('%s adds an attestation', async (_, more) => {
    const registry = await registryWith(options);
    const first = await attest(registry);
    const second = await attest(registry, more);
    expect(second.outcome).toBe('attested');
    expect(second.manifest).not.toBe(first.manifest);
    expect(await attest(registry)).toEqual({ ...first, outcome: 'present' });
  });
});

describe('is not taken for made before when', () => {
  const claim = {
    predicateType: 'https://cyclonedx.org/bom',
    predicate: JSON.parse(sbom),
  };
  const annotations = { 'dev.sigstore.bundle.predicateType': claim.predicateType };

  it.each([
    ['it is about another image', bundleOf(statementOf(other.digest, claim), key), {}],
    ['a stranger made it', bundleOf(statementOf(image.digest, claim), createKey()), {}],
    [
      'it is signed for another payload type',
      bundleOf(statementOf(image.digest, claim), key, 'text/plain'),
      {},
    ],
    ['it is no bundle', 'no bundle', {}],
    [
      'its manifest refers to another image',
      bundleOf(statementOf(image.digest, claim), key),
      { subject: descriptorOf(other) },
    ],
  ])('%s', async (_, bundle, more) => {
    const registry = await registryWith();
    seedBundle(registry, name, image, bundle, { annotations, ...more });
    expect(await attest(registry)).toMatchObject({ outcome: 'attested' });
  });
});

it('a signature is no attestation, and does not stand in for one', async () => {
  const registry = await registryWith();
  signSeeded(registry, name, image, key);
  expect(await attest(registry)).toMatchObject({ outcome: 'attested' });
});

it('an attestation that cosign has made counts as made before', async () => {
  const registry = await registryWith();
  const predicate = { Data: 'reviewed', Timestamp: '2025-01-01T00:00:00Z' };
  const predicateType = 'https://cosign.sigstore.dev/attestation/v1';
  const old = { _type: 'https://in-toto.io/Statement/v0.1', predicateType, predicate };
  const annotations = { 'dev.sigstore.bundle.predicateType': predicateType };
  const theirs = bundleOf(statementOf(image.digest, old), key);
  const { digest } = seedBundle(registry, name, image, theirs, { annotations });
  expect(await attest(registry, { type: 'custom', content: 'reviewed' })).toMatchObject({
    manifest: digest,
    outcome: 'present',
  });
});

it('says about which image the registry has refused it', async () => {
  const registry = await registryForTest({
    referrers: true,
    faults: [{ method: 'PUT', path: /manifests\/sha256:/, fault: { kind: 'status', status: 403 } }],
  });
  seed(registry, name, '1.0', image);
  await expect(attest(registry)).rejects.toThrow(`attesting ${registry.host}/${name}@${image.digest}`);
});
