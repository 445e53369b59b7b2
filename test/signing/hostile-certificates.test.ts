// Certificates, log entries and timestamps that somebody has made to pass for those of another: none counts, or takes long.
import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { readIdentity } from '../../src/signing/identity.ts';
import { readPublicKey } from '../../src/signing/public-key.ts';
import { openTrustedRoot } from '../../src/signing/trusted-root.ts';
import { type StoredSignature, verifySignature } from '../../src/signing/verify-signature.ts';
import {
  authorityOf,
  type CertificateContent,
  createAuthority,
  type GeneralName,
} from '../support/certificate-der.ts';
import { createKey, simplePayload, statementOf } from '../support/signatures.ts';
import { createSigstore, type SigningTimes, type TestSigstore } from '../support/sigstore.ts';

const subject = digestOf('the image');
const manifest = digestOf('the manifest of the signature');
const issuer = 'https://issuer.test';
const name = 'https://ci.test/team/app@refs/tags/v1';
const who = { issuer, subject: name };
const hour = 3_600_000;
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds);
const authority = createAuthority();
let sigstore: TestSigstore;

beforeAll(async () => {
  sigstore = await createSigstore();
});

interface Trusted {
  readonly subject?: string;
  readonly pattern?: string;
  readonly root?: object;
  readonly key?: string;
  readonly signedBefore?: number;
}

/** Verifies by an authority whose certificates are in no log of certificates. */
async function verify(
  stored: Pick<StoredSignature, 'format' | 'content' | 'annotations'>,
  trusted: Trusted = {},
) {
  const { pattern = '', root = {}, key, signedBefore } = trusted;
  const identity = {
    issuer,
    subject: pattern === '' ? (trusted.subject ?? name) : '',
    subjectRegexp: pattern,
  };
  const document = {
    ...sigstore.trustedRoot,
    certificateAuthorities: [authority.trusted],
    ctlogs: [],
    ...root,
  };
  return verifySignature({ ...stored, manifest }, subject, {
    keys: key === undefined ? [] : [readPublicKey(key, 'key')],
    identities: key === undefined ? [readIdentity(identity, 'identity')] : [],
    root: await openTrustedRoot(JSON.stringify(document), 'root'),
    signedBefore,
    annotations: {},
  });
}

const bundled = (document: unknown) => ({
  format: 'bundle' as const,
  content: Buffer.from(JSON.stringify(document)),
  annotations: {},
});

async function legacy(times: SigningTimes, change: (annotations: Record<string, string>) => void = () => {}) {
  const { payload, signature, annotations } = await sigstore.legacy(simplePayload(subject), who, times);
  change(annotations);
  const all = { 'dev.cosignproject.cosign/signature': signature, ...annotations };
  return { format: 'legacy' as const, content: payload, annotations: all };
}

const issue = (content: CertificateContent = {}) =>
  authority.issue({ issuer, names: [['uri', name]], ...content });

const signed = async (format: 'bundle' | 'legacy', content: CertificateContent) => {
  const certificate = issue(content);
  return format === 'bundle'
    ? bundled(await sigstore.bundle(statementOf(subject), who, { certificate }))
    : await legacy({ certificate });
};

describe.each(['bundle', 'legacy'] as const)('a %s signature by a certificate', (format) => {
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  it.each([
    ['P-256', ec('P-256')],
    ['P-384', ec('P-384')],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('counts for a key of the kind %s, and not for another key of it', async (_, keys) => {
    expect((await verify(await signed(format, { keys }))).signer.kind).toBe('identity');
    const { pem } = issue();
    const certificate = { ...issue({ keys }), pem, der: derOf(pem) };
    const wrong =
      format === 'bundle'
        ? bundled(await sigstore.bundle(statementOf(subject), who, { certificate }))
        : await legacy({ certificate });
    await expect(verify(wrong)).rejects.toThrow('signature verification failed');
  });

  const names: readonly [string, CertificateContent, Trusted][] = [
    ['an e-mail address', { names: [['email', 'a@b.test']] }, { subject: 'a@b.test' }],
    [
      'a URI beside a name of another form',
      {
        names: [
          ['other', 'octocat'],
          ['uri', name],
        ],
      },
      {},
    ],
    ['the issuer in the older extension', { issuer: null, oldIssuer: issuer }, {}],
    ['the issuer in the newer extension, whatever the older one has', { oldIssuer: 'https://x' }, {}],
  ];
  it.each(names)('counts with %s', async (_, content, trusted) => {
    expect((await verify(await signed(format, content), trusted)).signer).toMatchObject({ issuer });
  });

  const nobody = 'its certificate names neither a URI nor an e-mail address';
  const another = 'who is none of the identities';
  const raised = Buffer.from(name).map((byte) => byte | 0x80);
  const uri = (...values: readonly (string | Uint8Array)[]) => ({
    names: values.map((value): GeneralName => ['uri', value]),
  });
  it.each<[string, CertificateContent, Trusted, string]>([
    ['without a name', { names: [] }, { pattern: '.*' }, nobody],
    ['with an empty name', uri(''), { pattern: '.*' }, nobody],
    ['with a name of another form', { names: [['other', name]] }, {}, nobody],
    ['with a name of another form, for any', { names: [['other', name]] }, { pattern: '.*' }, nobody],
    [
      'whose e-mail address is beside a URI',
      {
        names: [
          ['email', name],
          ['uri', 'https://x'],
        ],
      },
      {},
      another,
    ],
    ['whose name is its second URI', uri('https://x', name), {}, another],
    ['with the highest bit of its name set', uri(raised), {}, 'a name that is not ASCII'],
    ['with a name in Cyrillic letters', uri(name.replace('a', '\u0430')), {}, 'a name that is not ASCII'],
    ['with its name on a line of its own', uri(`x\n${name}`), { pattern: '(?m)^https.*$' }, 'not ASCII'],
    ['with its name and a line feed', uri(`${name}\n`), { pattern: 'https.*$' }, 'not ASCII'],
    ['with its name and a zero byte', uri(`${name}\0.test`), { pattern: 'https.*' }, 'not ASCII'],
    ['of which an alternative is the beginning', uri(`${name}/x`), { pattern: `a|${name}|b` }, another],
    ['without an issuer', { issuer: null }, {}, another],
    ['with the issuer in the older extension alone', { issuer: 'https://x', oldIssuer: issuer }, {}, another],
    ['with an empty issuer before it', { issuer: '', oldIssuer: issuer }, {}, another],
    ['with an issuer whose highest bits are set', { issuer: 'https://\u00e9' }, {}, 'not ASCII'],
    ['of an authority', { isAuthority: true }, {}, 'its certificate is not one to sign code with'],
  ])('does not count %s', async (_, content, trusted, reason) => {
    await expect(verify(await signed(format, content), trusted)).rejects.toThrow(reason);
  });
});

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64');
}

type Bundle = Awaited<ReturnType<TestSigstore['bundle']>>;
type Entry = Bundle['verificationMaterial']['tlogEntries'][number];

/** A bundle with other material. */
const withMaterial = (bundle: Bundle, more: object, members: object = {}) =>
  bundled({ ...bundle, ...members, verificationMaterial: { ...bundle.verificationMaterial, ...more } });

const older = { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' };
const chainOf = (...certificates: readonly Buffer[]) => ({
  certificate: undefined,
  x509CertificateChain: { certificates: certificates.map((der) => ({ rawBytes: der.toString('base64') })) },
});

describe('a bundle brings no trust along:', () => {
  const stranger = createAuthority();
  const forged = () => stranger.issue({ issuer, names: [['uri', name]] });
  const unknown = 'its certificate is from no authority that the trusted root had at that time';

  it.each<[string, (leaf: Buffer) => readonly Buffer[], string]>([
    [
      'an authority of the same name after the certificate',
      (leaf) => [leaf, stranger.certificate.der],
      unknown,
    ],
    ['the trusted authority after it', (leaf) => [leaf, authority.certificate.der], unknown],
    ['the trusted authority in its place', (leaf) => [authority.certificate.der, leaf], unknown],
    ['a right certificate before it', (leaf) => [issue().der, leaf], 'signature verification failed'],
    [
      'a right certificate as its authority',
      (leaf) => [leaf, issue().der, authority.certificate.der],
      unknown,
    ],
  ])('%s', async (_, chain, reason) => {
    const certificate = forged();
    const bundle = await sigstore.bundle(statementOf(subject), who, { certificate });
    await expect(verify(withMaterial(bundle, chainOf(...chain(certificate.der)), older))).rejects.toThrow(
      reason,
    );
  });

  it('a certificate that a right certificate has issued', async () => {
    const right = issue();
    const certificate = authorityOf(right).issue({ issuer, names: [['uri', name]] });
    const bundle = await sigstore.bundle(statementOf(subject), who, { certificate });
    await expect(verify(bundled(bundle))).rejects.toThrow(unknown);
    const chain = chainOf(certificate.der, right.der, authority.certificate.der);
    await expect(verify(withMaterial(bundle, chain, older))).rejects.toThrow(unknown);
  });

  it.each(['', 'x', '__proto__', 'constructor'])(
    'a key beside the certificate, by the hint "%s"',
    async (hint) => {
      const bundle = await sigstore.bundle(statementOf(subject), who, { certificate: issue() });
      await expect(verify(withMaterial(bundle, { publicKey: { hint } }))).rejects.toThrow();
    },
  );

  it('a chain beside the certificate', async () => {
    const bundle = await sigstore.bundle(statementOf(subject), who, { certificate: issue() });
    const { x509CertificateChain } = chainOf(forged().der);
    await expect(verify(withMaterial(bundle, { x509CertificateChain }, older))).rejects.toThrow(unknown);
  });
});

describe('an entry of a log', () => {
  const entries = (bundle: Bundle, change: (entry: Entry) => object, members: object = {}) =>
    withMaterial(bundle, { tlogEntries: bundle.verificationMaterial.tlogEntries.map(change) }, members);
  const withoutPromise = ({ inclusionPromise: _, ...entry }: Entry) => entry;
  const withoutProof = ({ inclusionProof: _, ...entry }: Entry) => entry;
  const stampedBundle = () =>
    sigstore.bundle(statementOf(subject), who, { certificate: issue(), stamped: new Date() });

  it('counts with a promise alone only in the versions that allow it', async () => {
    const bundle = await stampedBundle();
    expect((await verify(entries(bundle, withoutProof, older))).signer.kind).toBe('identity');
    await expect(verify(entries(bundle, withoutProof))).rejects.toThrow('malformed content');
  });

  it('counts with a proof alone where a timestamp says when, and not after the end of its log', async () => {
    const stored = entries(await stampedBundle(), withoutPromise);
    expect((await verify(stored)).signer.kind).toBe('identity');
    const validFor = { start: sigstore.founded, end: ago(hour) };
    const tlogs = sigstore.trustedRoot.tlogs.map((log) => ({
      ...log,
      publicKey: { ...log.publicKey, validFor },
    }));
    await expect(verify(stored, { root: { tlogs } })).rejects.toThrow(
      'the key of the log that has its entry was not valid at that time',
    );
  });

  const changes: readonly [string, (entry: Entry) => object][] = [
    ['with neither', (entry) => withoutProof(withoutPromise(entry) as Entry)],
    ['of an unknown log', (entry) => ({ ...entry, logId: { keyId: Buffer.alloc(32).toString('base64') } })],
    [
      'of an unknown log, with a proof alone',
      (entry) => ({ ...withoutPromise(entry), logId: { keyId: Buffer.alloc(32).toString('base64') } }),
    ],
    ['at no time', (entry) => ({ ...entry, integratedTime: '0' })],
    ['at another place', (entry) => ({ ...entry, logIndex: '9' })],
    ['of another kind', (entry) => ({ ...entry, kindVersion: { kind: 'hashedrekord', version: '0.0.1' } })],
    [
      'with a proof of another size',
      (entry) => ({ ...entry, inclusionProof: proofWith(entry, { hashes: ['AAAA'] }) }),
    ],
    [
      'without a signed size',
      (entry) => ({ ...entry, inclusionProof: proofWith(entry, { checkpoint: { envelope: '' } }) }),
    ],
  ];
  it.each(changes)('does not count %s', async (_, change) => {
    await expect(verify(entries(await stampedBundle(), change))).rejects.toThrow();
  });

  it.each([
    ['logIndex', { toString: 1, valueOf: 1 }],
    ['integratedTime', { toString: 1, valueOf: 1 }],
    ['integratedTime', '1'],
    ['logIndex', 1.5],
    ['logID', null],
  ])('in a legacy signature does not count with the %s %j', async (member, value) => {
    const stored = await legacy({ certificate: issue() }, (annotations) => {
      const entry = JSON.parse(annotations['dev.sigstore.cosign/bundle']!);
      entry.Payload[member] = value;
      annotations['dev.sigstore.cosign/bundle'] = JSON.stringify(entry);
    });
    await expect(verify(stored)).rejects.toThrow('is not an entry of a transparency log');
  });
});

function proofWith({ inclusionProof }: Entry, more: object) {
  return { ...inclusionProof, ...more };
}

describe('what takes long to verify is not verified:', () => {
  const long = 'its certificate, log entries and timestamps are too many or too large';
  const bundle = () => sigstore.bundle(statementOf(subject), who, { certificate: issue() });
  const entry = (position: number) => ({
    logId: {},
    kindVersion: {},
    integratedTime: String(position),
    inclusionPromise: {},
    inclusionProof: { checkpoint: {} },
  });

  it.each<[string, object]>([
    ['many entries', { tlogEntries: Array.from({ length: 33 }, (_, position) => entry(position)) }],
    [
      'many timestamps',
      { timestampVerificationData: { rfc3161Timestamps: Array.from({ length: 33 }, () => ({})) } },
    ],
    ['a large certificate', { certificate: { rawBytes: 'A'.repeat(65_536) } }],
    ['members that are not known', { x: 'A'.repeat(65_536) }],
  ])('%s', async (_, more) => {
    await expect(verify(withMaterial(await bundle(), more))).rejects.toThrow(long);
  });

  it('lists in lists', async () => {
    const { content } = withMaterial(await bundle(), { x: 'here' });
    const text = content.toString().replace('"here"', '['.repeat(40_000) + ']'.repeat(40_000));
    await expect(verify({ ...bundled({}), content: Buffer.from(text) })).rejects.toThrow(UserError);
  });

  it('a large timestamp of a legacy signature', async () => {
    const stored = await legacy({ certificate: issue() }, (annotations) => {
      annotations['dev.sigstore.cosign/rfc3161timestamp'] = JSON.stringify({
        SignedRFC3161Timestamp: 'A'.repeat(65_536),
      });
    });
    await expect(verify(stored)).rejects.toThrow(long);
  });
});

describe('a new signature of a key does not become older', () => {
  const { privateKey, publicPem } = createKey();
  const stranger = createKey();
  const signedBefore = ago(hour).getTime();
  const by = (
    keys: { readonly publicPem: string; readonly privateKey: typeof privateKey },
    times: SigningTimes,
  ) =>
    sigstore.bundle(statementOf(subject), who, {
      certificate: { der: Buffer.alloc(0), pem: keys.publicPem, privateKey: keys.privateKey },
      ...times,
    });
  const own = { publicPem, privateKey };
  const material = (more: object) => ({ certificate: undefined, publicKey: { hint: '' }, ...more });
  const old = { issued: ago(2 * hour), stamped: ago(2 * hour) };

  it('but counts when it is', async () => {
    const stored = withMaterial(await by(own, old), material({}));
    expect((await verify(stored, { key: publicPem, signedBefore })).signer.kind).toBe('key');
  });

  it.each<[string, () => Promise<Partial<Bundle['verificationMaterial']>>]>([
    ['without a proof', async () => ({ tlogEntries: [] })],
    ['by its own entry and timestamp', async () => ({})],
    [
      'by the entry of its other signature',
      async () => ({ tlogEntries: (await by(own, old)).verificationMaterial.tlogEntries }),
    ],
    [
      'by the entry of another key',
      async () => ({ tlogEntries: (await by(stranger, old)).verificationMaterial.tlogEntries }),
    ],
    [
      'by the timestamp of its other signature',
      async () => ({
        timestampVerificationData: (await by(own, old)).verificationMaterial.timestampVerificationData!,
      }),
    ],
  ])('%s', async (_, change) => {
    const bundle = await by(own, { issued: new Date(), stamped: new Date() });
    const stored = withMaterial(bundle, material(await change()));
    await expect(verify(stored, { key: publicPem, signedBefore })).rejects.toThrow();
  });

  it('by the time in its own entry', async () => {
    const bundle = await by(own, { issued: new Date() });
    const tlogEntries = bundle.verificationMaterial.tlogEntries.map((entry) => ({
      ...entry,
      integratedTime: String(Math.floor(ago(2 * hour).getTime() / 1000)),
    }));
    const stored = withMaterial(bundle, material({ tlogEntries }));
    await expect(verify(stored, { key: publicPem, signedBefore })).rejects.toThrow('could not be verified');
    const unpromised = tlogEntries.map(({ inclusionPromise: _, ...entry }) => entry);
    await expect(
      verify(withMaterial(bundle, material({ tlogEntries: unpromised })), { key: publicPem, signedBefore }),
    ).rejects.toThrow('neither a log entry nor a timestamp');
  });
});
