// registry-image verify: what it prints of the signatures of an image, and its exit codes.
import { beforeEach, describe, expect, it } from 'vitest';
import { readPublicKey } from '../../src/signing/public-key.ts';
import { systemClock } from '../../src/transport/clock.ts';
import type { Image } from '../support/images.ts';
import { imageWith, registryWith, textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
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
import { createSigstore } from '../support/sigstore.ts';

const name = 'team/app';
const key = createKey();
const second = createKey('RSA');
const stranger = createKey();
const idOf = ({ publicPem }: typeof key) => readPublicKey(publicPem, 'the key').id;

let registry: TestRegistry;
let image: Image;
let reference: string;
let keyFile: string;
let secondFile: string;

beforeEach(async () => {
  image = await imageWith('signed');
  registry = await registryWith({ [`${name}:1.0`]: image }, { referrers: true });
  reference = `${registry.host}/${name}:1.0`;
  keyFile = await textFile('cosign.pub', key.publicPem);
  secondFile = await textFile('second.pub', second.publicPem);
});

it('exits with 0 for an image that a key has signed, and lists every signature', async () => {
  const right = signSeeded(registry, name, image, key);
  const wrong = seedBundle(registry, name, image, bundleOf(statementOf(image.digest), stranger));
  const { code, stdout } = await runCli(['verify', reference, '--key', keyFile]);
  const lines = stdout.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(lines[0]).toMatch(/^FORMAT +MANIFEST +RESULT +REASON$/);
  expect(lines[1]).toMatch(new RegExp(`^bundle +${right.digest} +counts +key ${idOf(key)}$`));
  expect(lines[2]).toMatch(new RegExp(`^bundle +${wrong.digest} +rejected +none of the keys has signed it`));
  expect(lines[3]).toBe(`${registry.host}/${name}@${image.digest} is verified: 1 of 1 keys have signed it`);
});

it('exits with 1 for an image that no key has signed', async () => {
  const { code, stdout } = await runCli(['verify', reference, '--key', keyFile]);
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: `${registry.host}/${name}@${image.digest} is not verified: it has no signature\n`,
  });
});

it('exits with 1 for an image whose signatures do not count, and does not say that it has none', async () => {
  seedBundle(registry, name, image, bundleOf(statementOf(image.digest), stranger));
  const { code, stdout } = await runCli(['verify', reference, '--key', keyFile]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    / rejected +none of the keys has signed it.*\n.* is not verified: none of its signatures counts\n$/,
  );
});

it('says so when it finds only signatures of Notation', async () => {
  seedBundle(registry, name, image, 'x', { artifactType: 'application/vnd.cncf.notary.signature' });
  const { code, stdout } = await runCli(['verify', reference, '--key', keyFile]);
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: expect.stringContaining(
      'is not verified: it has no signature; what else is attached to it is not verified: application/vnd.cncf.notary.signature (a signature of Notation)\n',
    ),
  });
});

it('does not let the name of a foreign referrer control the terminal', async () => {
  seedBundle(registry, name, image, 'x', { artifactType: 'a/\u001b[2K\rb' });
  const { code, stdout } = await runCli(['verify', reference, '--key', keyFile]);
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: expect.stringContaining('is not verified: a/\\u001b[2K\\u000db\n'),
  });
});

it('prints one document with --json', async () => {
  const right = seedLegacy(registry, name, image, [
    legacySignature(simplePayload(image.digest, '', { env: 'prod', build: 7 }), key),
  ]);
  const { code, json } = await runCliJson(['verify', reference, '--key', keyFile, '--key', secondFile]);
  expect({ code, json }).toEqual({
    code: 0,
    json: {
      repository: `${registry.host}/${name}`,
      tag: '1.0',
      digest: image.digest,
      verified: true,
      threshold: 1,
      keys: [
        { key: idOf(key), signed: true },
        { key: idOf(second), signed: false },
      ],
      identities: [],
      predicates: [],
      attestations: [],
      signatures: [
        {
          format: 'legacy',
          manifest: right.digest,
          key: idOf(key),
          identity: null,
          signed_at: null,
          annotations: { env: 'prod' },
          reason: '',
        },
      ],
      others: [],
    },
  });
});

it('lists the identities, and who signed when', async () => {
  const sigstore = await createSigstore();
  const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app' };
  const issued = new Date(Date.now() - 3_600_000);
  const statement = statementOf(image.digest);
  seedBundle(registry, name, image, await sigstore.bundle(statement, identity, { issued }));
  const { json } = await runCliJson(
    [
      'verify',
      reference,
      '--certificate-identity',
      identity.subject,
      '--certificate-identity-regexp',
      'x.*',
      '--certificate-oidc-issuer',
      identity.issuer,
      '--trusted-root',
      await textFile('trusted_root.json', JSON.stringify(sigstore.trustedRoot)),
      '--min-age',
      '30m',
    ],
    { clock: systemClock },
  );
  expect(json).toMatchObject({
    verified: true,
    keys: [],
    identities: [
      { ...identity, signed: true },
      { issuer: identity.issuer, subject: 'x.*', signed: false },
    ],
    signatures: [{ key: null, identity, signed_at: `${issued.toISOString().slice(0, 19)}Z`, reason: '' }],
  });
});

it('lists the attestations that are required, and why one does not count', async () => {
  signSeeded(registry, name, image, key);
  const spdx = 'https://spdx.dev/Document';
  const annotations = { 'dev.sigstore.bundle.predicateType': spdx };
  const attest = (by: typeof key, predicate: object) =>
    seedBundle(
      registry,
      name,
      image,
      bundleOf(statementOf(image.digest, { predicateType: spdx, predicate }), by),
      { annotations },
    );
  const wrong = attest(stranger, {});
  const args = ['verify', reference, '--key', keyFile, '--require-predicate', 'sbom'];
  const refused = await runCli(args);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(
    new RegExp(`^attestation +${wrong.digest} +rejected +none of the keys`, 'm'),
  );
  expect(refused.stdout).toMatch(/ is not verified: no attestation counts of the type sbom\n$/);
  const right = attest(key, { right: true });
  const { code, json } = await runCliJson(args);
  expect(code).toBe(0);
  expect(json).toMatchObject({
    predicates: [{ type: 'sbom', attested: true }],
    attestations: [
      { manifest: right.digest, predicate_type: spdx, key: idOf(key), identity: null, reason: '' },
      { manifest: wrong.digest, predicate_type: null, key: null },
    ],
    others: [],
  });
  expect((await runCli(args)).stdout).toMatch(
    new RegExp(`^attestation +${right.digest} +counts +${spdx} by key ${idOf(key)}$`, 'm'),
  );
});

it('requires as many keys as the threshold, and every annotation', async () => {
  seedBundle(registry, name, image, bundleOf(statementOf(image.digest, {}, { env: 'a=b' }), key));
  const verify = async (...more: readonly string[]) =>
    (await runCli(['verify', reference, '--key', keyFile, '--key', secondFile, ...more])).code;
  expect(await verify('--annotation', 'env=a=b')).toBe(0);
  expect(await verify('--annotation', 'env=a')).toBe(1);
  expect(await verify('--threshold', '2')).toBe(1);
  signSeeded(registry, name, image, second);
  expect(await verify('--threshold', '2')).toBe(0);
});

it('escapes what a registry says of itself', async () => {
  seedBundle(
    registry,
    name,
    image,
    bundleOf(statementOf(image.digest, { predicateType: '\u001b[31mX' }), key),
  );
  const { stdout } = await runCli(['verify', reference, '--key', keyFile]);
  expect(stdout).not.toContain('\u001b');
});

describe('fails before any request', () => {
  it.each([
    [
      'with a pattern for the builder of something else',
      ['--key', 'FILE', '--require-predicate', 'sbom', '--builder-regexp', 'a'],
      'verify.require_predicates[0] has builder_regexp or source_regexp, but sbom is no provenance',
    ],
    ...['--threshold', '--min-age', '--trusted-root', '--builder-regexp', '--source-regexp'].map(
      (option): [string, string[], string] => [
        `with an empty ${option}, as a variable that is not set leaves it`,
        ['--key', 'FILE', option, ''],
        `${option} is empty`,
      ],
    ),
    [
      'with a device without an end as key',
      ['--key', '/dev/zero'],
      '--key "/dev/zero" has more than 1048576 bytes: it is no key and no token',
    ],
    [
      'with a device without an end as trusted root',
      ['--key', 'FILE', '--trusted-root', '/dev/zero'],
      'verify.trusted_root "/dev/zero" is too large: it has more than 1048576 bytes',
    ],
    ['without a key', ['--threshold', '1'], 'verify has no keys and no identities'],
    [
      'with an issuer alone',
      ['--certificate-oidc-issuer', 'https://issuer.test'],
      'verify.identities[0] has neither subject nor subject_regexp',
    ],
    ['with a subject alone', ['--certificate-identity', 'a'], 'verify.identities[0] has no issuer'],
    [
      'with an identity, but no trusted root',
      ['--certificate-identity', 'a', '--certificate-oidc-issuer', 'https://issuer.test'],
      'verify has identities, but no trusted_root',
    ],
    [
      'with a trusted root that does not exist',
      ['--key', 'FILE', '--trusted-root', '/nonexistent'],
      'verify.trusted_root "/nonexistent" cannot be read: no such file',
    ],
    [
      'with a key that does not exist',
      ['--key', '/nonexistent'],
      '--key "/nonexistent" cannot be read: no such file',
    ],
    [
      'with a threshold above the keys',
      ['--key', 'FILE', '--threshold', '3'],
      'verify.threshold is 3, but there are only 1',
    ],
    [
      'with an annotation without a value',
      ['--key', 'FILE', '--annotation', 'env'],
      '--annotation "env" is not name=value',
    ],
  ])('%s', async (_, more, message) => {
    const options = more.map((each) => (each === 'FILE' ? keyFile : each));
    const { code, stdout, stderr } = await runCli(['verify', reference, ...options]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(registry.requests).toEqual([]);
  });
});
