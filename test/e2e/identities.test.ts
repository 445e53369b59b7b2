// Signatures by certificates through the executables, where a runtime may verify differently: the right one, and wrong ones.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { type CertificateContent, createAuthority } from '../support/certificate-der.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runExecutable, runRegistryImageExecutable } from '../support/run.ts';
import { seedBundle, seedLegacy, simplePayload, statementOf } from '../support/signatures.ts';
import { createSigstore, type SigningTimes, type TestSigstore } from '../support/sigstore.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/app';
const environment = { TEST: 'true', HOME: '/nonexistent' };
const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app@refs/tags/v1' };
const other = digestOf('another image');
let image: Image;
let sigstore: TestSigstore;
let stranger: TestSigstore;

beforeAll(async () => {
  image = await buildImage({ layers: [[file('etc/motd', 'hello')]] });
  [sigstore, stranger] = [await createSigstore(), await createSigstore()];
});

interface Signing {
  readonly times?: SigningTimes;
  readonly by?: TestSigstore;
  readonly who?: typeof identity;
  readonly digest?: Image['digest'];
}

async function registryWith(
  format: 'bundle' | 'legacy',
  { times = {}, by = sigstore, who = identity, digest = image.digest }: Signing,
): Promise<TestRegistry> {
  const registry = await registryForTest({ referrers: true });
  seed(registry, name, '1.0', image);
  if (format === 'bundle') {
    seedBundle(registry, name, image, await by.bundle(statementOf(digest), who, times));
  } else {
    seedLegacy(registry, name, image, [await by.legacy(simplePayload(digest), who, times)]);
  }
  return registry;
}

async function verify(
  registry: TestRegistry,
  root: object = sigstore.trustedRoot,
  more: readonly string[] = [],
) {
  const path = await textFile('trusted_root.json', JSON.stringify(root));
  return await runRegistryImageExecutable(
    [
      'verify',
      `${registry.host}/${name}:1.0`,
      '--certificate-identity-regexp',
      'https://ci\\.test/team/app@refs/tags/.*',
      '--certificate-oidc-issuer',
      identity.issuer,
      '--trusted-root',
      path,
      ...more,
    ],
    { environment },
  );
}

const hours = (count: number) => new Date(Date.now() - count * 3_600_000);

// What a runtime may do differently: verify with other kinds of keys, read names and objects of JSON.
describe('a certificate of an authority', () => {
  const authority = createAuthority();
  const issue = (content: CertificateContent = {}) =>
    authority.issue({ issuer: identity.issuer, names: [['uri', identity.subject]], ...content });
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  const rootOf = (more: object = {}) => ({
    ...sigstore.trustedRoot,
    certificateAuthorities: [authority.trusted],
    ctlogs: [],
    ...more,
  });
  const verified = async (format: 'bundle' | 'legacy', times: SigningTimes, root = rootOf()) =>
    await verify(await registryWith(format, { times }), root);

  it.each([
    ['P-256', 'bundle', ec('P-256')],
    ['P-384', 'bundle', ec('P-384')],
    ['RSA', 'bundle', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['Ed25519', 'bundle', generateKeyPairSync('ed25519')],
    ['P-256', 'legacy', ec('P-256')],
    ['P-384', 'legacy', ec('P-384')],
    ['RSA', 'legacy', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ] as const)(
    'for a key of the kind %s counts in the format %s, and another one does not',
    async (_, format, keys) => {
      const certificate = issue({ keys });
      expect(await verified(format, { certificate })).toMatchObject({ status: 0 });
      const privateKey = anotherKey(keys.privateKey);
      const { status, stdout } = await verified(format, { certificate: { ...certificate, privateKey } });
      expect({ status, stdout }).toEqual({
        status: 1,
        stdout: expect.stringContaining('signature verification failed'),
      });
    },
  );

  it.each<[string, CertificateContent, string]>([
    ['without a name', { names: [] }, 'names neither a URI nor an e-mail address'],
    [
      'with the highest bit of its name set',
      { names: [['uri', Buffer.from(identity.subject).map((byte) => byte | 0x80)]] },
      'has a name that is not ASCII',
    ],
    ['of an authority itself', { isAuthority: true }, 'is not one to sign code with'],
  ])('%s does not count', async (_, content, reason) => {
    const { status, stdout } = await verified('bundle', { certificate: issue(content) });
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringContaining(reason) });
  });

  it('does not count by a root whose end of validity is misspelt', async () => {
    const certificateAuthorities = [{ ...authority.trusted, valid_for: {} }];
    const { status, stderr } = await verified(
      'bundle',
      { certificate: issue() },
      rootOf({ certificateAuthorities }),
    );
    expect(status).toBe(1);
    expect(stderr).toContain('its member "certificateAuthorities[0].valid_for" is not known');
  });
});

function anotherKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyObject {
  switch (asymmetricKeyType) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    default:
      return generateKeyPairSync('ec', { namedCurve: asymmetricKeyDetails?.namedCurve ?? '' }).privateKey;
  }
}

describe.each(['bundle', 'legacy'] as const)('a %s signature by a certificate', (format) => {
  it('is verified, by the log and by a timestamp', async () => {
    const registry = await registryWith(format, { times: { issued: hours(1), stamped: hours(1) } });
    const { status, stdout, stderr } = await verify(registry);
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`counts  "${identity.subject}" (${identity.issuer}) at 20`);
    expect(stdout).toContain('is verified: 1 of 1 identities have signed it');
  });

  it('is verified by a timestamp alone, where the root has no log', async () => {
    const registry = await registryWith(format, { times: { logged: null, stamped: new Date() } });
    expect(await verify(registry, { ...sigstore.trustedRoot, tlogs: [] })).toMatchObject({ status: 0 });
    expect(await verify(registry)).toMatchObject({ status: 1 });
  });

  it.each<[string, () => Signing, string]>([
    [
      'of other authorities',
      () => ({ by: stranger }),
      'its certificate is from no authority that the trusted root had at that time',
    ],
    ['of another subject', () => ({ who: { ...identity, subject: 'x' } }), 'who is none of the identities'],
    ['of another issuer', () => ({ who: { ...identity, issuer: 'x' } }), 'who is none of the identities'],
    ['of another image', () => ({ digest: other }), 'it signs another image'],
    [
      'whose certificate had expired',
      () => ({ times: { issued: hours(2), logged: hours(1) } }),
      'its certificate was not valid at that time',
    ],
    [
      'without any time',
      () => ({ times: { logged: null } }),
      'neither a log entry nor a timestamp proves when it was signed',
    ],
  ])('is refused %s', async (_, signing, reason) => {
    const { status, stdout } = await verify(await registryWith(format, signing()));
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringContaining(reason) });
  });

  it('and an attestation by one are verified together, and not without each other', async () => {
    const registry = await registryWith(format, {});
    const predicateType = 'https://slsa.dev/provenance/v1';
    const predicate = {
      buildDefinition: { externalParameters: { source: 'a' } },
      runDetails: { builder: { id: 'b' } },
    };
    const more = ['--require-predicate', 'provenance', '--builder-regexp', 'b', '--source-regexp', 'a'];
    expect(await verify(registry, sigstore.trustedRoot, more)).toMatchObject({ status: 1 });
    const statement = statementOf(image.digest, { predicateType, predicate });
    const annotations = { 'dev.sigstore.bundle.predicateType': predicateType };
    seedBundle(registry, name, image, await sigstore.bundle(statement, identity), { annotations });
    expect(await verify(registry, sigstore.trustedRoot, more)).toMatchObject({ status: 0, stderr: '' });
    expect(await verify(registry, sigstore.trustedRoot, [...more.slice(0, -1), 'x'])).toMatchObject({
      status: 1,
    });
  });

  it('lets a get fetch the image, and that of a stranger does not', async () => {
    const get = async (registry: TestRegistry) => {
      const directory = await temporaryDirectory();
      const { status, stdout } = await runExecutable('in', {
        request: {
          source: {
            repository: `${registry.host}/${name}`,
            verify: { identities: [identity], trusted_root: sigstore.trustedRoot },
          },
          version: { tag: '1.0', digest: image.digest },
        },
        directory,
      });
      return { status, stdout, files: readdirSync(directory) };
    };
    const right = await get(await registryWith(format, { times: { issued: hours(1) } }));
    expect(right).toMatchObject({ status: 0, files: expect.arrayContaining(['rootfs']) });
    expect(JSON.parse(right.stdout).metadata).toContainEqual({
      name: 'verified',
      value: expect.stringMatching(`^by "${identity.subject}" \\(${identity.issuer}\\) at \\d{4}-.*Z$`),
    });
    const wrong = await get(await registryWith(format, { by: stranger }));
    expect(wrong).toEqual({ status: 1, stdout: '', files: [] });
  });
});
