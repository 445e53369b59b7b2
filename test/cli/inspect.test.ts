// registry-image inspect and ls: what they show of an image and of a repository.
import { expect, it } from 'vitest';
import { readPublicKey } from '../../src/signing/public-key.ts';
import { buildImage, buildIndex, descriptorOf, type Index, jsonDocument, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { imageWith, registryWith } from '../support/promotion.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import {
  bundleOf,
  createKey,
  legacySignature,
  seedBundle,
  seedLegacy,
  simplePayload,
  statementOf,
} from '../support/signatures.ts';
import { createSigstore } from '../support/sigstore.ts';

const [amd, arm] = await Promise.all(
  (['amd64', 'arm64'] as const).map((architecture) =>
    buildImage({
      platform: { os: 'linux', architecture },
      annotations: { of: architecture },
      layers: [[file('shared')], [file(architecture)]],
    }),
  ),
);

async function scene() {
  if (!amd || !arm) {
    throw new Error('two images');
  }
  const index = buildIndex([amd, arm]);
  const registry = await registryWith({ 'team/app:1.0': index }, { referrers: true });
  const signature = await imageWith('signature');
  seed(registry, 'team/app', `sha256-${arm.digest.slice(7)}.sig`, signature);
  const sbom = await buildImage({
    manifest: { artifactType: 'application/spdx', subject: descriptorOf(index) },
  });
  const attestation = await buildImage({
    manifest: { artifactType: 'application/x', subject: descriptorOf(sbom) },
  });
  for (const referrer of [sbom, attestation]) {
    seed(registry, 'team/app', undefined, referrer);
  }
  return { registry, index, amd, arm, signature, sbom, attestation };
}

it('shows children, referrers of each and sizes as a tree', async () => {
  const { registry, index, amd: first, arm: second, signature, sbom, attestation } = await scene();
  const { code, stdout } = await runCli(['inspect', `${registry.host}/team/app:1.0`]);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.slice(0, -1).map((line) => /^( *\S+ .*?(?: {2}\S+){2})/.exec(line)?.[1] ?? line)).toEqual([
    expect.stringMatching(new RegExp(`^index  ${index.digest}`)),
    `├── image  ${first.digest}  linux/amd64`,
    `├── image  ${second.digest}  linux/arm64`,
    expect.stringMatching(new RegExp(`^│   └── referrer image  ${signature.digest}`)),
    `└── referrer image  ${sbom.digest}  application/spdx`,
    `    └── referrer image  ${attestation.digest}  application/x`,
  ]);
  expect(lines[1]).toMatch(/ {2}2 layers$/);
  expect(lines[3]).toContain(`tag sha256-${second.digest.slice(7)}.sig`);
  expect(lines.at(-1)).toMatch(/^2 images, 3 referrers, \d+\.\dKiB$/);
});

it('has everything in its JSON, and counts each blob once', async () => {
  const { registry, index, amd: first, arm: second } = await scene();
  const name = `${registry.host}/team/app`;
  const { json } = await runCliJson(['inspect', `${name}:1.0`, '--no-referrers']);
  const documents = [index, first, second, first.config, second.config];
  const layers = new Map([...first.layers, ...second.layers].map((layer) => [layer.digest, layer]));
  expect(layers.size).toBe(3);
  const size = [...documents, ...layers.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(json).toMatchObject({
    repository: name,
    tag: '1.0',
    digest: index.digest,
    summary: { images: 2, referrers: 0, size },
    root: {
      kind: 'index',
      digest: index.digest,
      media_type: index.mediaType,
      size: index.bytes.length,
      children: [
        {
          kind: 'image',
          platform: 'linux/amd64',
          annotations: { of: 'amd64' },
          config: { digest: first.config.digest },
          layers: first.layers.map(({ digest }) => ({ digest })),
          referrers: [],
        },
        { kind: 'image', platform: 'linux/arm64' },
      ],
    },
  });
  expect(registry.requests.some(({ path }) => path.includes('referrers'))).toBe(false);
  const byDigest = await runCliJson(['inspect', `${name}@${first.digest}`]);
  expect(byDigest.json).toMatchObject({ tag: null, digest: first.digest, root: { kind: 'image' } });
});

it('marks a child that the registry has lost, and content that is no manifest', async () => {
  const { registry, amd: first } = await scene();
  const lost = { ...first, digest: `sha256:${'0'.repeat(64)}` as const };
  const document = jsonDocument('application/vnd.oci.image.index.v1+json', {
    schemaVersion: 2,
    manifests: [descriptorOf(lost), { ...descriptorOf(first.config), mediaType: 'text/plain' }],
  });
  const index: Index = { ...document, children: [] };
  seed(registry, 'team/app', 'broken', index);
  const { code, stdout } = await runCli(['inspect', `${registry.host}/team/app:broken`]);
  expect(code).toBe(0);
  expect(stdout).toContain(`├── missing  ${lost.digest}`);
  expect(stdout).toContain(`└── blob  ${first.config.digest}`);
});

it('fails for an image that does not exist', async () => {
  const { registry } = await scene();
  const { code, stdout, stderr } = await runCli(['inspect', `${registry.host}/team/app:2.0`]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('MANIFEST_UNKNOWN');
});

it.each(
  ['attest', 'inspect', 'sign', 'verify'].flatMap((name) => [
    [name, 'oci:layout'],
    [name, 'docker-archive:image.tar'],
  ]),
)('%s refuses %s, which is on disk, before any request', async (name = '', image = '') => {
  const { code, stdout, stderr } = await runCli([name, image]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`"${image}" is on disk, and this command reads registries only`);
});

it('ls lists the tags in byte order, as lines or as JSON', async () => {
  const image = await imageWith('1');
  const tags = ['b', 'a', '1.10', '1.9'];
  const registry = await registryWith(Object.fromEntries(tags.map((tag) => [`team/app:${tag}`, image])), {
    tagOrder: 'created',
    pageSize: 3,
  });
  const name = `${registry.host}/team/app`;
  expect(await runCli(['ls', name])).toEqual({ code: 0, stdout: '1.10\n1.9\na\nb\n4 tags\n', stderr: '' });
  expect((await runCliJson(['ls', name])).json).toEqual({
    repository: name,
    tags: ['1.10', '1.9', 'a', 'b'],
  });
  const missing = await runCli(['ls', `${registry.host}/team/other`]);
  expect(missing).toMatchObject({ code: 1, stdout: '' });
  expect(missing.stderr).toContain('NAME_UNKNOWN');
});

it('shows who says to have signed what is attached', async () => {
  const image = await imageWith('signed');
  const registry = await registryWith({ 'team/app:1.0': image }, { referrers: true });
  const name = 'team/app';
  const key = createKey();
  const sigstore = await createSigstore();
  const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
  const spdx = 'https://spdx.dev/Document';
  const hint = Buffer.from(readPublicKey(key.publicPem, 'key').id.slice(7), 'hex').toString('base64');
  const byKey = {
    ...bundleOf(statementOf(image.digest), key),
    verificationMaterial: { publicKey: { hint } },
  };
  const attestation = statementOf(image.digest, { predicateType: spdx });
  const unknown = seedBundle(registry, name, image, 'no bundle');
  const own = seedBundle(registry, name, image, byKey);
  const sbom = seedBundle(registry, name, image, await sigstore.bundle(attestation, identity), {
    annotations: { 'dev.sigstore.bundle.predicateType': spdx },
  });
  const legacy = seedLegacy(registry, name, image, [
    await sigstore.legacy(simplePayload(image.digest), { ...identity, subject: 'a\u001b[2K' }),
    legacySignature(simplePayload(image.digest), key),
  ]);
  const { stdout } = await runCli(['inspect', `${registry.host}/team/app:1.0`]);
  const below = (document: { readonly digest: string }) => {
    const lines = stdout.split('\n');
    const start = lines.findIndex((line) => line.includes(`referrer image  ${document.digest}`));
    const rest = lines.slice(start + 1);
    return rest
      .slice(
        0,
        rest.findIndex((line) => !/ by /.test(line)),
      )
      .map((line) => line.replace(/^[│├└─ ]+/, ''));
  };
  expect(below(own)).toEqual([`signature by key ${readPublicKey(key.publicPem, 'key').id}, not verified`]);
  expect(below(sbom)).toEqual([
    `attestation ${spdx} by ${identity.subject} (${identity.issuer}), not verified`,
  ]);
  expect(below(legacy)).toEqual([
    `signature by a\\u001b[2K (${identity.issuer}), not verified`,
    'signature by a signer that it does not name, not verified',
  ]);
  expect(below(unknown)).toEqual(['signature by a signer that it does not name, not verified']);
  const { json } = await runCliJson(['inspect', `${registry.host}/team/app:1.0`]);
  const nodes = (json.root as { referrers: { digest: string; signatures: unknown }[] }).referrers;
  expect(nodes.find(({ digest }) => digest === sbom.digest)?.signatures).toEqual([
    { predicate_type: spdx, key: null, identity },
  ]);
});
