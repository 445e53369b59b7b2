// Signatures by certificates: which count for an identity, and none of what a registry or another signer may offer.
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { type IdentitySettings, readIdentity } from '../../src/signing/identity.ts';
import { readPublicKey } from '../../src/signing/public-key.ts';
import { openTrustedRoot } from '../../src/signing/trusted-root.ts';
import { type SignatureFormat, verifySignature } from '../../src/signing/verify-signature.ts';
import { bundleOf, createKey, legacySignature, simplePayload, statementOf } from '../support/signatures.ts';
import { createSigstore, type SigningTimes, type TestSigstore } from '../support/sigstore.ts';

const subject = digestOf('the image');
const other = digestOf('another image');
const manifest = digestOf('the manifest of the signature');
const signatureAnnotation = 'dev.cosignproject.cosign/signature';
const identity = { issuer: 'https://issuer.test', subject: 'https://ci.test/team/app@refs/tags/v1' };
const trusted: IdentitySettings = { ...identity, subjectRegexp: '' };
const hour = 3_600_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds);

let sigstore: TestSigstore;
let stranger: TestSigstore;

beforeAll(async () => {
  [sigstore, stranger] = [await createSigstore(), await createSigstore()];
});

type Stored = Pick<Parameters<typeof verifySignature>[0], 'format' | 'content' | 'annotations'>;

interface Options {
  readonly identities?: readonly IdentitySettings[];
  readonly root?: object;
  readonly keys?: readonly string[];
  readonly signedBefore?: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function verify(
  stored: Stored,
  { identities = [trusted], root = {}, keys = [], signedBefore, annotations = {} }: Options = {},
) {
  const document = JSON.stringify({ ...sigstore.trustedRoot, ...root });
  return verifySignature({ ...stored, manifest }, subject, {
    keys: keys.map((pem) => readPublicKey(pem, 'key')),
    identities: identities.map((each) => readIdentity(each, 'identity')),
    root: await openTrustedRoot(document, 'root'),
    signedBefore,
    annotations,
  });
}

const storedBundle = (document: unknown): Stored => ({
  format: 'bundle',
  content: Buffer.from(JSON.stringify(document)),
  annotations: {},
});

const storedLegacy = ({
  payload,
  signature,
  annotations,
}: {
  readonly payload: Buffer;
  readonly signature: string;
  readonly annotations?: Readonly<Record<string, string>>;
}): Stored => ({
  format: 'legacy',
  content: payload,
  annotations: { [signatureAnnotation]: signature, ...annotations },
});

/** A signature by the identity, of this image unless it says otherwise. */
async function signed(
  format: SignatureFormat,
  times: SigningTimes = {},
  { by = sigstore, who = identity, digest = subject } = {},
): Promise<Stored> {
  return format === 'bundle'
    ? storedBundle(await by.bundle(statementOf(digest), who, times))
    : storedLegacy(await by.legacy(simplePayload(digest), who, times));
}

describe.each(['bundle', 'legacy'] as const)('a %s signature of an identity', (format) => {
  it('counts, with the time that the log proves', async () => {
    const issued = ago(hour);
    const { signer } = await verify(await signed(format, { issued }));
    expect(signer).toEqual({
      kind: 'identity',
      ...identity,
      position: 0,
      signedAt: Math.floor(issued.getTime() / 1000) * 1000,
    });
  });

  it('counts with a timestamp where the root has no log', async () => {
    const stamped = ago(0);
    const stored = await signed(format, { issued: stamped, logged: null, stamped });
    const { signer } = await verify(stored, { root: { tlogs: [] } });
    expect(signer.signedAt).toBe(Math.floor(stamped.getTime() / 1000) * 1000);
  });

  it('counts for the earliest of two times', async () => {
    const issued = ago(hour);
    const stored = await signed(format, { issued, stamped: new Date(issued.getTime() + 60_000) });
    expect((await verify(stored)).signer.signedAt).toBe(Math.floor(issued.getTime() / 1000) * 1000);
  });

  it('counts after its certificate has expired, because a timestamp proves that it is older', async () => {
    const issued = ago(24 * hour);
    const stored = await signed(format, { issued, logged: null, stamped: issued });
    expect((await verify(stored, { root: { tlogs: [] } })).signer.kind).toBe('identity');
  });

  const noTime = 'neither a log entry nor a timestamp proves when it was signed';
  it.each<[string, SigningTimes, string]>([
    ['whose certificate has expired, without a timestamp', { issued: ago(24 * hour), logged: null }, noTime],
    ['whose certificate is valid, without any proof of its time', { logged: null }, noTime],
    [
      'whose certificate had expired when the log had it',
      { issued: ago(2 * hour), logged: ago(hour) },
      'its certificate was not valid at that time',
    ],
    [
      'whose certificate had expired at the time of its timestamp',
      { issued: ago(2 * hour), stamped: ago(hour) },
      'its certificate was not valid at that time',
    ],
    [
      'whose certificate was not yet valid',
      { issued: ago(hour), logged: ago(2 * hour) },
      'its certificate was not valid at that time',
    ],
    [
      'that the log does not have',
      { issued: ago(hour), logged: null, stamped: ago(hour - 60_000) },
      'it has no entry in a transparency log',
    ],
  ])('does not count %s', async (_, times, reason) => {
    await expect(verify(await signed(format, times))).rejects.toThrow(reason);
  });

  it('does not count for another image', async () => {
    await expect(verify(await signed(format, {}, { digest: other }))).rejects.toThrow(
      `it signs another image, ${other}`,
    );
  });

  it('does not count by the authorities of somebody else', async () => {
    await expect(verify(await signed(format, {}, { by: stranger }))).rejects.toThrow(
      'its certificate is from no authority that the trusted root had at that time',
    );
  });

  const { issuer } = identity;
  const whoIsIt = `it is signed by "${identity.subject}" ("${issuer}"), who is none of the identities`;
  it.each<[string, IdentitySettings]>([
    ['of another subject', { ...trusted, subject: 'https://ci.test/team/app' }],
    ['of another issuer', { ...trusted, issuer: 'https://issuer.test/' }],
    ['of an issuer in other letters', { ...trusted, issuer: 'https://ISSUER.test' }],
    ['of a subject that is a part of it', { ...trusted, subject: 'ci.test' }],
    ['of a pattern for its beginning', { issuer, subject: '', subjectRegexp: 'https://ci\\.test/team' }],
    ['of a pattern for its end', { issuer, subject: '', subjectRegexp: 'refs/tags/v1' }],
    ['of a pattern for its middle', { issuer, subject: '', subjectRegexp: 'ci\\.test' }],
    [
      'of a pattern of which one half is its beginning',
      { issuer, subject: '', subjectRegexp: 'x|https://ci' },
    ],
    ['of a pattern for a line of its own', { issuer, subject: '', subjectRegexp: '(?m)^https://ci.test$' }],
    ['of an empty group', { issuer, subject: '', subjectRegexp: '(?:)' }],
    ['of a subject that is written as a pattern', { ...trusted, subject: '.*' }],
  ])('does not count for an identity %s', async (_, settings) => {
    await expect(verify(await signed(format), { identities: [settings] })).rejects.toThrow(whoIsIt);
  });

  it.each(['https://ci\\.test/team/app@refs/tags/v.*', '.*', '^https://ci.*$', 'x|https://ci.*'])(
    'counts for the pattern %s, which matches all of its subject',
    async (subjectRegexp) => {
      const identities = [
        { issuer: 'x', subject: 'y', subjectRegexp: '' },
        { issuer, subject: '', subjectRegexp },
      ];
      expect((await verify(await signed(format), { identities })).signer).toMatchObject({ position: 1 });
    },
  );

  it('does not count for keys alone', async () => {
    await expect(
      verify(await signed(format), { identities: [], keys: [createKey().publicPem] }),
    ).rejects.toThrow('none of the keys has signed it, or it was altered');
  });

  it('counts beside keys, and one of a key beside identities', async () => {
    const key = createKey();
    const both = { keys: [key.publicPem] };
    expect((await verify(await signed(format), both)).signer.kind).toBe('identity');
    const byKey =
      format === 'bundle'
        ? storedBundle(bundleOf(statementOf(subject), key))
        : storedLegacy(legacySignature(simplePayload(subject), key));
    expect((await verify(byKey, both)).signer).toMatchObject({ kind: 'key', signedAt: undefined });
    await expect(verify(byKey)).rejects.toThrow('made with a key, and not with the certificate');
  });

  describe('when the trusted root has revoked', () => {
    const end = (valid: object) => ({ ...valid, validFor: { start: sigstore.founded, end: ago(2 * hour) } });
    it.each<[string, () => object, string]>([
      [
        'the certificate authority',
        () => ({ certificateAuthorities: sigstore.trustedRoot.certificateAuthorities.map(end) }),
        'its certificate is from no authority that the trusted root had at that time',
      ],
      [
        'the key of the log of certificates',
        () => ({
          ctlogs: sigstore.trustedRoot.ctlogs.map((log) => ({ ...log, publicKey: end(log.publicKey) })),
        }),
        'SCT verification failed',
      ],
      [
        'the key of the transparency log',
        () => ({
          tlogs: sigstore.trustedRoot.tlogs.map((log) => ({ ...log, publicKey: end(log.publicKey) })),
        }),
        'inclusion promise could not be verified',
      ],
    ])('%s, it counts if it is older, and else does not', async (_, root, reason) => {
      const old = await signed(format, { issued: ago(3 * hour) });
      expect((await verify(old, { root: root() })).signer.kind).toBe('identity');
      const late = await signed(format, { issued: ago(hour) });
      await expect(verify(late, { root: root() })).rejects.toThrow(reason);
    });

    it('the timestamp authority, it counts if it is older, and else does not', async () => {
      const root = {
        tlogs: [],
        timestampAuthorities: sigstore.trustedRoot.timestampAuthorities.map(end),
      };
      const at = async (time: Date) => await signed(format, { issued: time, logged: null, stamped: time });
      expect((await verify(await at(ago(3 * hour)), { root })).signer.kind).toBe('identity');
      await expect(verify(await at(ago(hour)), { root })).rejects.toThrow('timestamp could not be verified');
    });
  });

  describe('with a time before which it must be made', () => {
    it('counts when it is older, and else does not', async () => {
      const stored = await signed(format, { issued: ago(hour) });
      expect((await verify(stored, { signedBefore: ago(hour / 2).getTime() })).signer.kind).toBe('identity');
      await expect(verify(stored, { signedBefore: ago(2 * hour).getTime() })).rejects.toThrow(
        /it was signed at \d{4}-.*Z, which is not long enough ago/,
      );
    });
  });
});

describe('a bundle of an identity that was altered does not count:', () => {
  type Bundle = Awaited<ReturnType<TestSigstore['bundle']>>;
  const flipped = (text: string) => {
    const bytes = Buffer.from(text, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    return bytes.toString('base64');
  };
  const changes: readonly [string, (bundle: Bundle, another: Bundle) => object][] = [
    [
      'its payload',
      (bundle) => ({
        dsseEnvelope: {
          ...bundle.dsseEnvelope,
          payload: Buffer.from(JSON.stringify(statementOf(other))).toString('base64'),
        },
      }),
    ],
    ['its payload type', (bundle) => ({ dsseEnvelope: { ...bundle.dsseEnvelope, payloadType: 'a/b' } })],
    [
      'its signature',
      ({ dsseEnvelope }) => ({
        dsseEnvelope: {
          ...dsseEnvelope,
          signatures: dsseEnvelope.signatures.map(({ sig }) => ({ sig: flipped(sig) })),
        },
      }),
    ],
    ['its envelope, for that of another signature', (_, { dsseEnvelope }) => ({ dsseEnvelope })],
    [
      'its certificate, for that of another signature',
      ({ verificationMaterial }, another) => ({
        verificationMaterial: {
          ...verificationMaterial,
          certificate: another.verificationMaterial.certificate,
        },
      }),
    ],
    [
      'its certificate',
      ({ verificationMaterial }) => ({
        verificationMaterial: {
          ...verificationMaterial,
          certificate: { rawBytes: flipped(verificationMaterial.certificate.rawBytes) },
        },
      }),
    ],
    [
      'its log entry, for that of another signature',
      ({ verificationMaterial }, another) => ({
        verificationMaterial: {
          ...verificationMaterial,
          tlogEntries: another.verificationMaterial.tlogEntries,
        },
      }),
    ],
    [
      'the time of its log entry',
      ({ verificationMaterial }) => ({
        verificationMaterial: {
          ...verificationMaterial,
          tlogEntries: verificationMaterial.tlogEntries.map((entry) => ({
            ...entry,
            integratedTime: String(Number(entry.integratedTime) - 60),
          })),
        },
      }),
    ],
    [
      'its log entry without the promise, whose time anybody may have written',
      ({ verificationMaterial }) => ({
        verificationMaterial: {
          ...verificationMaterial,
          tlogEntries: verificationMaterial.tlogEntries.map(({ inclusionPromise: _, ...entry }) => entry),
          timestampVerificationData: undefined,
        },
      }),
    ],
    [
      'its timestamp, for that of another signature',
      ({ verificationMaterial }, another) => ({
        verificationMaterial: {
          ...verificationMaterial,
          timestampVerificationData: another.verificationMaterial.timestampVerificationData,
        },
      }),
    ],
    [
      'its material, which is no object',
      () => ({ verificationMaterial: { certificate: 7, tlogEntries: 7 } }),
    ],
  ];

  it.each(changes)('%s', async (_, change) => {
    const now = new Date();
    const bundle = await sigstore.bundle(statementOf(subject), identity, { stamped: now });
    const another = await sigstore.bundle(statementOf(other), identity, { stamped: now });
    expect((await verify(storedBundle(bundle))).signer.kind).toBe('identity');
    const altered = { ...bundle, ...change(bundle, another) };
    await expect(verify(storedBundle(altered))).rejects.toThrow(/^(?!.*signs another image)/);
  });
});

describe('a legacy signature of an identity that was altered does not count:', () => {
  type Annotations = Readonly<Record<string, string>>;
  const changes: readonly [string, (own: Annotations, another: Annotations) => Annotations][] = [
    ['without its certificate', ({ 'dev.sigstore.cosign/certificate': _, ...rest }) => rest],
    [
      'with the certificate of another signature',
      (own, another) => ({
        ...own,
        'dev.sigstore.cosign/certificate': another['dev.sigstore.cosign/certificate']!,
      }),
    ],
    ['without its log entry', ({ 'dev.sigstore.cosign/bundle': _, ...rest }) => rest],
    [
      'with the log entry of another signature',
      (own, another) => ({ ...own, 'dev.sigstore.cosign/bundle': another['dev.sigstore.cosign/bundle']! }),
    ],
    ['with a log entry that is no JSON', (own) => ({ ...own, 'dev.sigstore.cosign/bundle': '{' })],
    ['with a log entry that is empty', (own) => ({ ...own, 'dev.sigstore.cosign/bundle': '{}' })],
    [
      'with another time in its log entry',
      (own) => {
        const entry = JSON.parse(own['dev.sigstore.cosign/bundle']!);
        entry.Payload.integratedTime -= 60;
        return { ...own, 'dev.sigstore.cosign/bundle': JSON.stringify(entry) };
      },
    ],
    [
      'with the timestamp of another signature',
      (own, another) => ({
        ...own,
        'dev.sigstore.cosign/rfc3161timestamp': another['dev.sigstore.cosign/rfc3161timestamp']!,
      }),
    ],
    [
      'with the signature of another payload',
      (own, another) => ({ ...own, [signatureAnnotation]: another[signatureAnnotation]! }),
    ],
  ];

  it.each(changes)('%s', async (_, change) => {
    const now = new Date();
    const own = storedLegacy(await sigstore.legacy(simplePayload(subject), identity, { stamped: now }));
    const another = storedLegacy(await sigstore.legacy(simplePayload(other), identity, { stamped: now }));
    expect((await verify(own)).signer.kind).toBe('identity');
    const annotations = change(own.annotations, another.annotations);
    await expect(verify({ ...own, annotations })).rejects.toThrow();
  });

  it('with another payload', async () => {
    const own = storedLegacy(await sigstore.legacy(simplePayload(subject), identity));
    const content = Buffer.from(JSON.stringify(simplePayload(subject, 'changed')));
    await expect(verify({ ...own, content })).rejects.toThrow();
  });
});

it('an attestation of an identity is no signature', async () => {
  const type = 'https://slsa.dev/provenance/v1';
  const bundle = await sigstore.bundle(statementOf(subject, { predicateType: type }), identity);
  await expect(verify(storedBundle(bundle))).rejects.toThrow(
    `it is an attestation of the type "${type}", not a signature`,
  );
});

it('a statement without a signature does not count, whatever certificate is beside it', async () => {
  const bundle = await sigstore.bundle(statementOf(subject), identity);
  const unsigned = { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures: [] } };
  await expect(verify(storedBundle(unsigned))).rejects.toThrow('its envelope has no signature');
  await expect(verify(storedBundle(statementOf(subject)))).rejects.toThrow('it is not a sigstore bundle');
});

it('a certificate that its authority has not issued for code does not count', async () => {
  const { tsaCertificate: certificate, trustedRoot } = sigstore;
  const stamped = new Date();
  const bundle = await sigstore.bundle(statementOf(subject), identity, {
    certificate,
    logged: null,
    stamped,
  });
  // The authority for timestamps is one for certificates, too.
  const root = { certificateAuthorities: trustedRoot.timestampAuthorities, ctlogs: [], tlogs: [] };
  await expect(verify(storedBundle(bundle), { root })).rejects.toThrow(
    'its certificate is not one to sign code with',
  );
});

it('annotations are required of an identity, too', async () => {
  const statement = statementOf(subject, {}, { env: 'prod' });
  const stored = storedBundle(await sigstore.bundle(statement, identity));
  expect((await verify(stored, { annotations: { env: 'prod' } })).annotations).toEqual({ env: 'prod' });
  await expect(verify(stored, { annotations: { env: 'test' } })).rejects.toThrow('required value');
});
