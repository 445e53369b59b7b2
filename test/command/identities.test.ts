// source.verify with identities and an age in check and in: who signed it and when goes into the metadata.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { runIn } from '../../src/command/in.ts';
import type { Command } from '../../src/process/surroundings.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCommand } from '../support/run-command.ts';
import {
  bundleOf,
  createKey,
  seedBundle,
  seedLegacy,
  seedReferrersTag,
  simplePayload,
  statementOf,
} from '../support/signatures.ts';
import { bundledEntry, createSigstore, dsseEntry, type TestSigstore } from '../support/sigstore.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/app';
const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
const another = { ...identity, subject: 'https://ci.test/team/other' };
const days = (count: number) => new Date(Date.now() - count * 86_400_000);
const secondsOf = (time: Date) => `${time.toISOString().slice(0, 19)}Z`;

let sigstore: TestSigstore;
let image: Image;
let registry: TestRegistry;

beforeAll(async () => {
  sigstore = await createSigstore();
  image = await buildImage({ layers: [[file('etc/motd', 'hello')]] });
});

beforeEach(async () => {
  registry = await registryForTest({ referrers: true });
  seed(registry, name, '1.0', image);
});

const sign = async (issued = new Date(), who = identity, root: Image = image) =>
  seedBundle(registry, name, root, await sigstore.bundle(statementOf(root.digest), who, { issued }));

const verify = (more: object = {}) => ({
  verify: { identities: [identity], trusted_root: sigstore.trustedRoot, ...more },
});

async function run(command: Command, source: object, more: object = {}) {
  const { answer, stderr } = await runCommand(command, {
    request: { source: { repository: `${registry.host}/${name}`, ...source }, ...more },
    directory: await temporaryDirectory(),
    // Signatures are made at the time of this machine.
    clock: systemClock,
  });
  return {
    answer: answer === undefined ? undefined : JSON.parse(answer),
    stderr: stderr.replaceAll('\x1b', ''),
  };
}

const get = (source: object) => run(runIn, source, { version: { tag: '1.0', digest: image.digest } });
const verified = ({ metadata }: { metadata: { name: string; value: string }[] }) =>
  metadata.find((field) => field.name === 'verified')?.value;

describe('a get', () => {
  it('says who signed the image and when', async () => {
    const issued = days(1);
    await sign(issued);
    const { answer, stderr } = await get(verify());
    expect(verified(answer), stderr).toBe(
      `by "${identity.subject}" (${identity.issuer}) at ${secondsOf(issued)}`,
    );
  });

  it('reads the trusted root from a file of the worker', async () => {
    await sign();
    const trusted_root = await textFile('trusted_root.json', JSON.stringify(sigstore.trustedRoot));
    expect((await get(verify({ trusted_root }))).answer).toBeDefined();
  });

  it('verifies on a registry without a referrers endpoint', async () => {
    registry = await registryForTest({});
    seed(registry, name, '1.0', image);
    seedReferrersTag(registry, name, image, [await sign()]);
    expect((await get(verify())).answer).toBeDefined();
  });

  it('warns when a legacy signature of an identity was made for another repository', async () => {
    const payload = simplePayload(image.digest, 'registry.test/elsewhere');
    const signature = await sigstore.legacy(payload, identity);
    const { digest } = seedLegacy(registry, name, image, [signature]);
    const { answer, stderr } = await get(verify());
    expect(answer).toBeDefined();
    expect(stderr).toContain(
      `legacy signature ${digest} was made for "registry.test/elsewhere", not for ${registry.host}/${name}`,
    );
  });

  it('counts an identity once, however many certificates it has had, for a threshold of two', async () => {
    await sign(days(1));
    await sign();
    const identities = [identity, another];
    const { answer, stderr } = await get(verify({ identities, threshold: 2 }));
    expect(answer).toBeUndefined();
    expect(stderr).toContain('1 of 2 identities have signed it');
    await sign(new Date(), another);
    expect(verified((await get(verify({ identities, threshold: 2 }))).answer)).toMatch(/^by ".*, ".*Z$/);
  });

  it('counts a signer once who is two of the identities', async () => {
    await sign();
    const identities = [identity, { issuer: identity.issuer, subject_regexp: '.*' }];
    const { stderr } = await get(verify({ identities, threshold: 2 }));
    expect(stderr).toContain('1 of 2 identities have signed it');
  });

  it('with min_age takes only what was signed long enough ago', async () => {
    await sign(days(2));
    expect((await get(verify({ min_age: '1d' }))).answer).toBeDefined();
    const { answer, stderr } = await get(verify({ min_age: '3d' }));
    expect(answer).toBeUndefined();
    expect(stderr).toContain('which is not long enough ago');
  });

  it('with min_age takes a signature of a key with a proof of its time, and none without', async () => {
    const key = createKey();
    const bundle = bundleOf(statementOf(image.digest), key);
    const source = verify({ identities: [], keys: [key.publicPem], min_age: '1d' });
    seedBundle(registry, name, image, bundle);
    const refused = await get(source);
    expect(refused.answer).toBeUndefined();
    expect(refused.stderr).toContain('neither a log entry nor a timestamp proves when it was signed');
    const logged = days(2);
    const entry = await sigstore.logEntry(dsseEntry(bundle.dsseEnvelope, key.publicPem), logged);
    const material = { ...bundle.verificationMaterial, tlogEntries: [bundledEntry(entry)] };
    seedBundle(registry, name, image, { ...bundle, verificationMaterial: material });
    expect(verified((await get(source)).answer)).toMatch(
      new RegExp(`^by key sha256:[0-9a-f]{64} at ${secondsOf(logged)}$`),
    );
  });

  it('does not believe the time of an entry for the signature of another key', async () => {
    const [key, stranger] = [createKey(), createKey()];
    const [bundle, foreign] = [key, stranger].map((each) => bundleOf(statementOf(image.digest), each));
    const entry = await sigstore.logEntry(dsseEntry(foreign!.dsseEnvelope, stranger.publicPem), days(2));
    const material = { ...bundle!.verificationMaterial, tlogEntries: [bundledEntry(entry)] };
    seedBundle(registry, name, image, { ...bundle, verificationMaterial: material });
    const { answer, stderr } = await get(verify({ identities: [], keys: [key.publicPem], min_age: '1d' }));
    expect(answer).toBeUndefined();
    expect(stderr).toContain('tlog entry signature mismatch');
  });
});

describe('a get with require_predicates', () => {
  const slsa = 'https://slsa.dev/provenance/v1';
  const predicate = {
    buildDefinition: { externalParameters: { source: 'https://git.test/team/app' } },
    runDetails: { builder: { id: 'https://ci.test/builder' } },
  };
  const provenance = (source_regexp: string) =>
    verify({ require_predicates: { type: 'provenance', builder_regexp: '.*/builder', source_regexp } });

  it('fetches what has them, and says so in the metadata', async () => {
    await sign();
    const refused = await get(provenance('https://git\\.test/.*'));
    expect(refused.answer).toBeUndefined();
    expect(refused.stderr).toContain('is not verified: no attestation counts of the type provenance');
    const statement = statementOf(image.digest, { predicateType: slsa, predicate });
    seedBundle(registry, name, image, await sigstore.bundle(statement, identity), {
      annotations: { 'dev.sigstore.bundle.predicateType': slsa },
    });
    const { answer } = await get(provenance('https://git\\.test/.*'));
    expect(verified(answer)).toMatch(
      /^by ".*Z; https:\/\/slsa.dev\/provenance\/v1 by "https:\/\/ci.test.*Z$/,
    );
    expect((await get(provenance('https://git\\.test'))).answer).toBeUndefined();
    expect((await get(verify({ require_predicates: ['sbom'] }))).answer).toBeUndefined();
  });
});

describe('a check with check: true', () => {
  it('lists a version when its signature is old enough', async () => {
    const newer = await buildImage({ layers: [[file('etc/motd', 'newer')]] });
    seed(registry, name, '1.1', newer);
    await sign(days(5));
    await sign(days(1), identity, newer);
    const tags = async (min_age: string) => {
      const { answer } = await run(runCheck, verify({ check: true, min_age }));
      return answer.map(({ tag }: { tag: string }) => tag);
    };
    expect(await tags('')).toEqual(['1.0', '1.1']);
    expect(await tags('3d')).toEqual(['1.0']);
    expect(await tags('7d')).toEqual([]);
  });
});

describe('fails before any request', () => {
  it.each([
    [
      'without a trusted root',
      () => ({ trusted_root: null }),
      'source.verify has identities, but no trusted_root',
    ],
    ['with an identity by its subject alone', () => ({ identities: ['a'] }), 'identities[0] has no issuer'],
    ['with a misspelt key', () => ({ identities: [{ ...identity, isuer: 'a' }] }), 'unknown field'],
    ['with an unknown type', () => ({ require_predicates: ['sbon'] }), 'did you mean sbom?'],
    ['with nobody', () => ({ identities: null }), 'source.verify has no keys and no identities'],
  ])('%s', async (_, more, message) => {
    await sign();
    const before = registry.requests.length;
    for (const [command, request] of [
      [runCheck, {}],
      [runIn, { version: { digest: image.digest } }],
    ] as const) {
      const { answer, stderr } = await run(command, verify(more()), request);
      expect(answer).toBeUndefined();
      expect(stderr).toContain(message);
    }
    expect(registry.requests.length).toBe(before);
  });
});

it('a trusted root that nothing needs is a warning', async () => {
  const key = createKey();
  seedBundle(registry, name, image, bundleOf(statementOf(image.digest), key));
  const { answer, stderr } = await get(verify({ identities: [], keys: [key.publicPem] }));
  expect(answer).toBeDefined();
  expect(stderr).toContain('source.verify.trusted_root has no effect without identities and min_age');
});
