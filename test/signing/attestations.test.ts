// Attestations that are required: which count, and none of what a registry or another signer may offer in their place.
import { beforeEach, describe, expect, it } from 'vitest';
import { type PredicateSettings, readRequiredPredicate } from '../../src/signing/required-predicate.ts';
import { readVerificationPolicy } from '../../src/signing/verification-policy.ts';
import { shortfall, verifyImage } from '../../src/signing/verify-image.ts';
import { buildImage, type Image, jsonDocument, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import type { RegistryOptions, TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import {
  bundleOf,
  createKey,
  seedBundle,
  seedReferrersTag,
  signSeeded,
  statementOf,
  type TestKey,
  verifySettings,
} from '../support/signatures.ts';
import { createSigstore } from '../support/sigstore.ts';
import { openTestSession } from '../support/test-session.ts';

const name = 'team/app';
const key = createKey();
const stranger = createKey();
const spdx = 'https://spdx.dev/Document';
const slsa1 = 'https://slsa.dev/provenance/v1';
const slsa02 = 'https://slsa.dev/provenance/v0.2';
const builder = 'https://github.com/actions/runner/github-hosted';
const source = 'https://github.com/team/app';

const provenance1 = {
  buildDefinition: {
    externalParameters: { workflow: { repository: source, ref: 'refs/heads/main' } },
    resolvedDependencies: [{ uri: 'git+https://github.com/other/thing' }],
  },
  runDetails: { builder: { id: builder } },
};
const provenance02 = {
  builder: { id: builder },
  invocation: { configSource: { uri: source } },
  materials: [{ uri: 'https://github.com/other/thing' }],
};

let image: Image;
let other: Image;

beforeEach(async () => {
  [image, other] = (await Promise.all(
    ['one', 'two'].map((content) => buildImage({ layers: [[file(content)]] })),
  )) as [Image, Image];
});

/** A registry with the image and its signature. */
async function registryWith(options: RegistryOptions = { referrers: true }): Promise<TestRegistry> {
  const registry = await registryForTest(options);
  seed(registry, name, undefined, image);
  if (options.referrers) {
    signSeeded(registry, name, image, key);
  }
  return registry;
}

const typed = (type: string, annotated = type) => ({
  annotations: { 'dev.sigstore.bundle.predicateType': annotated },
  type,
});

/** Attaches an attestation. */
function attest(
  registry: TestRegistry,
  type: string,
  predicate: unknown,
  { by = key, about = image, annotated = type }: { by?: TestKey; about?: Image; annotated?: string } = {},
) {
  const bundle = bundleOf(statementOf(about.digest, { predicateType: type, predicate }), by);
  return seedBundle(registry, name, image, bundle, { annotations: typed(type, annotated).annotations });
}

const required = (type: string, more: Partial<PredicateSettings> = {}): PredicateSettings => ({
  type,
  builderRegexp: '',
  sourceRegexp: '',
  ...more,
});

async function verify(
  registry: TestRegistry,
  requirePredicates: readonly PredicateSettings[],
  read: 'all' | 'enough' = 'enough',
  more: object = {},
) {
  const policy = await readVerificationPolicy(
    verifySettings({ keys: [key.publicPem], requirePredicates, ...more }),
    'verify',
  );
  const session = await openTestSession(`${registry.host}/${name}`);
  const verification = await verifyImage(session, image.digest, policy, read);
  return { ...verification, why: shortfall(verification, policy) };
}

describe('an attestation counts', () => {
  it.each([
    ['spdx', spdx],
    ['spdxjson', spdx],
    ['sbom', spdx],
    ['sbom', `${spdx}/v2.3`],
    ['sbom', 'https://cyclonedx.org/bom'],
    ['sbom', 'https://cyclonedx.org/bom/v1.5'],
    ['cyclonedx', 'https://cyclonedx.org/bom'],
    ['provenance', slsa1],
    ['provenance', slsa02],
    ['slsaprovenance', slsa02],
    ['slsaprovenance1', slsa1],
    ['https://example.com/review', 'https://example.com/review'],
  ])('for %s when its type is %s', async (type, predicateType) => {
    const registry = await registryWith();
    const { digest } = attest(registry, predicateType, {});
    const { isVerified, attestations } = await verify(registry, [required(type)]);
    expect(isVerified).toBe(true);
    expect(attestations.verified).toMatchObject([{ manifest: digest, predicateType }]);
  });

  it('without an annotation on its manifest', async () => {
    const registry = await registryWith();
    const bundle = bundleOf(statementOf(image.digest, { predicateType: spdx, predicate: {} }), key);
    seedBundle(registry, name, image, bundle, { annotations: undefined });
    expect((await verify(registry, [required('spdx')])).isVerified).toBe(true);
  });

  it('on a registry without a referrers endpoint', async () => {
    const registry = await registryWith({});
    const referrers = [signSeeded(registry, name, image, key), attest(registry, spdx, {})];
    seedReferrersTag(registry, name, image, referrers);
    expect((await verify(registry, [required('sbom')])).isVerified).toBe(true);
  });

  it('by the certificate of an identity', async () => {
    const registry = await registryWith();
    const sigstore = await createSigstore();
    const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
    const statement = statementOf(image.digest, { predicateType: slsa1, predicate: provenance1 });
    seedBundle(registry, name, image, await sigstore.bundle(statement, identity), {
      annotations: typed(slsa1).annotations,
    });
    const { attestations } = await verify(registry, [required('provenance')], 'enough', {
      identities: [{ ...identity, subjectRegexp: '' }],
      trustedRoot: JSON.stringify(sigstore.trustedRoot),
    });
    expect(attestations.verified).toMatchObject([{ signer: { kind: 'identity', ...identity } }]);
  });

  it('one of each required type is enough, and no more are read', async () => {
    const registry = await registryWith();
    attest(registry, spdx, { name: 'one' });
    attest(registry, spdx, { name: 'two' });
    attest(registry, slsa1, provenance1);
    const { isVerified, attestations } = await verify(registry, [required('provenance'), required('sbom')]);
    expect({ isVerified, missing: attestations.missing }).toEqual({ isVerified: true, missing: [] });
    const all = await verify(registry, [required('sbom')], 'all');
    expect(all.attestations.verified).toHaveLength(2);
  });
});

describe('does not count, and does not hide one that does:', () => {
  const attacks: readonly [string, (registry: TestRegistry) => unknown, string][] = [
    [
      'an attestation of a stranger',
      (r) => attest(r, spdx, {}, { by: stranger }),
      'none of the keys has signed it, or it was altered',
    ],
    ['one about another image', (r) => attest(r, spdx, {}, { about: other }), 'it is about another image'],
    [
      'a signature whose manifest says that it is one',
      (r) => attest(r, 'https://sigstore.dev/cosign/sign/v1', {}, { annotated: spdx }),
      'its type is "https://sigstore.dev/cosign/sign/v1", which is not required',
    ],
    [
      'one of another type whose manifest says that it is one',
      (r) => attest(r, 'https://example.com/review', {}, { annotated: spdx }),
      'its type is "https://example.com/review", which is not required',
    ],
    [
      'a raw statement without a signature',
      (r) =>
        seedBundle(r, name, image, statementOf(image.digest, { predicateType: spdx }), {
          annotations: typed(spdx).annotations,
        }),
      'it is not a sigstore bundle',
    ],
    [
      'an altered one',
      (r) => {
        const bundle = bundleOf(statementOf(image.digest, { predicateType: spdx, predicate: {} }), key);
        const payload = Buffer.from(
          JSON.stringify(statementOf(image.digest, { predicateType: spdx, predicate: { a: 1 } })),
        ).toString('base64');
        const altered = { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload } };
        seedBundle(r, name, image, altered, { annotations: typed(spdx).annotations });
      },
      'none of the keys has signed it, or it was altered',
    ],
    [
      'a file that is signed',
      (r) =>
        seedBundle(
          r,
          name,
          image,
          { ...bundleOf('x', key), messageSignature: {} },
          {
            annotations: typed(spdx).annotations,
          },
        ),
      'the bundle signs a file, not an image',
    ],
  ];

  it.each(attacks)('%s', async (_, attack, reason) => {
    const registry = await registryWith();
    attack(registry);
    const { isVerified, attestations, why } = await verify(registry, [required('spdx')]);
    expect(isVerified).toBe(false);
    expect(attestations.rejected.map((each) => each.reason)).toEqual([expect.stringContaining(reason)]);
    expect(why).toMatch(/^no attestation counts of the type spdx; attestation sha256:[0-9a-f]{64}: /);
    attest(registry, spdx, { right: true });
    expect((await verify(registry, [required('spdx')])).isVerified).toBe(true);
  });

  it('one of an image that the list of referrers names although it refers to another', async () => {
    const registry = await registryWith({});
    const signature = signSeeded(registry, name, image, key);
    const bundle = bundleOf(statementOf(image.digest, { predicateType: spdx, predicate: {} }), key);
    const foreign = seedBundle(registry, name, other, bundle, { annotations: undefined });
    seedReferrersTag(registry, name, image, [signature, foreign]);
    const { isVerified, attestations } = await verify(registry, [required('spdx')]);
    expect(isVerified).toBe(false);
    expect(attestations.rejected.map(({ reason }) => reason)).toContain(
      `it refers to another image, ${other.digest}`,
    );
  });
});

it('an attestation does not stand in for the signature, which is required beside it', async () => {
  const registry = await registryForTest({ referrers: true });
  seed(registry, name, undefined, image);
  attest(registry, spdx, {});
  const { isVerified, why } = await verify(registry, [required('spdx')]);
  expect({ isVerified, why }).toEqual({ isVerified: false, why: 'it has no signature' });
});

it('says what is attached when a required type is not', async () => {
  const registry = await registryWith();
  attest(registry, slsa1, provenance1);
  const content = jsonDocument('application/json', {});
  seedBundle(registry, name, image, content, { artifactType: 'application/spdx+json' });
  const { why } = await verify(registry, [required('spdx')]);
  expect(why).toBe(
    `no attestation counts of the type spdx; what else is attached to it: ${slsa1}, application/spdx+json`,
  );
});

it('a registry that fails is an error, not an image without attestations', async () => {
  const registry = await registryWith();
  const { digest } = attest(registry, spdx, {});
  registry.faults.add({
    method: 'GET',
    path: new RegExp(`/manifests/${digest}`),
    fault: { kind: 'status', status: 403 },
  });
  await expect(verify(registry, [required('spdx')])).rejects.toThrow(/403/);
});

describe('a provenance', () => {
  const cases: readonly [string, string, unknown][] = [
    ['of GitHub Actions', slsa1, provenance1],
    ['of version 0.2', slsa02, provenance02],
    [
      'of BuildKit',
      slsa1,
      {
        buildDefinition: { externalParameters: { configSource: { uri: source } } },
        runDetails: { builder: { id: builder } },
      },
    ],
    [
      'of Google Cloud Build',
      slsa1,
      {
        buildDefinition: { externalParameters: { sourceToBuild: { repository: source } } },
        runDetails: { builder: { id: builder } },
      },
    ],
    [
      'whose source is a parameter',
      slsa1,
      {
        buildDefinition: { externalParameters: { source } },
        runDetails: { builder: { id: builder } },
      },
    ],
  ];
  const check = async (type: string, predicate: unknown, builderRegexp: string, sourceRegexp: string) => {
    const registry = await registryWith();
    attest(registry, type, predicate);
    const { isVerified, attestations } = await verify(registry, [
      required('provenance', { builderRegexp, sourceRegexp }),
    ]);
    return isVerified || attestations.rejected.map(({ reason }) => reason).join();
  };

  it.each(cases)(
    '%s counts for the patterns of its builder and source, and for no others',
    async (...given) => {
      const [, type, predicate] = given;
      expect(
        await check(type, predicate, 'https://github\\.com/actions/.*', 'https://github\\.com/team/.*'),
      ).toBe(true);
      expect(await check(type, predicate, '', 'https://github\\.com/other/.*')).toBe(
        `its source is "${source}", which source_regexp does not match`,
      );
      expect(await check(type, predicate, 'https://elsewhere/.*', '')).toBe(
        `its builder is "${builder}", which builder_regexp does not match`,
      );
    },
  );

  it.each([
    ['its beginning', 'https://github\\.com'],
    ['its end', 'team/app'],
    ['one half of the pattern', 'x|https://github'],
  ])('does not count for a pattern that matches %s alone', async (_, pattern) => {
    expect(await check(slsa1, provenance1, '', pattern)).toContain('source_regexp does not match');
  });

  it.each([
    ['nothing', {}],
    ['a list', []],
    ['other types', { buildDefinition: { externalParameters: { workflow: 7 } }, runDetails: [] }],
    [
      'only what was used to build it',
      { buildDefinition: { resolvedDependencies: [{ uri: source }] }, runDetails: {} },
    ],
  ])('that holds %s does not count', async (_, predicate) => {
    expect(await check(slsa1, predicate, '', '.*')).toBe('it does not say what its source is');
    expect(await check(slsa1, predicate, '.*', '')).toBe('it does not say what its builder is');
  });
});

describe('refuses', () => {
  it.each<[string, PredicateSettings, string]>([
    ['no type', required(''), 'where.type is no type of an attestation: ""'],
    ['an unknown type', required('spd'), 'where.type is no type of an attestation: "spd"'],
    [
      'a builder of an SBOM',
      required('sbom', { builderRegexp: 'a' }),
      'where has builder_regexp or source_regexp, but sbom is no provenance',
    ],
    [
      'a pattern that is none',
      required('provenance', { sourceRegexp: '(' }),
      'invalid regex pattern in where.source_regexp',
    ],
  ])('%s', (_, settings, message) => {
    expect(() => readRequiredPredicate(settings, 'where')).toThrow(message);
  });
});
