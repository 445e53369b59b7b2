// Which stored signatures count for an image: the right ones, and none of what a registry or another signer may offer.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { readPublicKey } from '../../src/signing/public-key.ts';
import { signerId } from '../../src/signing/signer.ts';
import { type SignatureFormat, verifySignature } from '../../src/signing/verify-signature.ts';
import {
  bundleOf,
  createKey,
  keyKinds,
  type LegacySignature,
  legacySignature,
  simplePayload,
  statementOf,
  type TestKey,
} from '../support/signatures.ts';

const key = createKey();
const stranger = createKey();
const subject = digestOf('the image');
const other = digestOf('another image');
const manifest = digestOf('the manifest of the signature');

function verify(
  format: SignatureFormat,
  {
    content,
    annotation,
  }: { readonly content: Uint8Array | string; readonly annotation?: string | undefined },
  annotations: Readonly<Record<string, string>> = {},
  trusted: TestKey = key,
) {
  const keys = [readPublicKey(createKey().publicPem, 'a'), readPublicKey(trusted.publicPem, 'b')];
  const layer = annotation === undefined ? {} : { 'dev.cosignproject.cosign/signature': annotation };
  const stored = { format, manifest, content: Buffer.from(content), annotations: layer };
  return verifySignature(stored, subject, {
    keys,
    annotations,
  });
}

const bundle = (document: unknown) => ({ content: JSON.stringify(document) });
const legacy = ({ payload, signature }: LegacySignature) => ({ content: payload, annotation: signature });

describe.each(keyKinds)('with a key of the kind %s', (kind) => {
  const own = createKey(kind);

  it('a bundle over the digest of the image counts', () => {
    const { signer } = verify('bundle', bundle(bundleOf(statementOf(subject), own)), {}, own);
    expect(signerId(signer)).toBe(readPublicKey(own.publicPem, 'own').id);
  });

  it('a legacy signature over the digest of the image counts', () => {
    const { reference } = verify(
      'legacy',
      legacy(legacySignature(simplePayload(subject, 'r/x'), own)),
      {},
      own,
    );
    expect(reference).toBe('r/x');
  });

  it('a signature of a stranger counts in neither format', () => {
    const foreign = createKey(kind);
    expect(() => verify('bundle', bundle(bundleOf(statementOf(subject), foreign)), {}, own)).toThrow(
      'none of the keys',
    );
    expect(() => verify('legacy', legacy(legacySignature(simplePayload(subject), foreign)), {}, own)).toThrow(
      'none of the keys',
    );
  });
});

/** A bundle that is right but for one change. */
function altered(change: (document: ReturnType<typeof bundleOf> & Record<string, unknown>) => unknown) {
  const document = structuredClone(bundleOf(statementOf(subject), key));
  return bundle(change(document) ?? document);
}

const right = bundleOf(statementOf(subject), key);
const [{ sig }] = right.dsseEnvelope.signatures as [{ sig: string }];
const duplicate = JSON.stringify(statementOf(subject)).replace(
  '"predicateType"',
  `"predicateType":"https://slsa.dev/provenance/v1","predicateType"`,
);

describe('a bundle does not count', () => {
  const envelope = right.dsseEnvelope;
  const none = 'none of the keys has signed it, or it was altered';
  it.each<[string, { content: string }, string]>([
    ['for another image', bundle(bundleOf(statementOf(other), key)), `it signs another image, ${other}`],
    [
      'as an attestation',
      bundle(bundleOf(statementOf(subject, { predicateType: 'https://slsa.dev/provenance/v1' }), key)),
      'it is an attestation of the type "https://slsa.dev/provenance/v1", not a signature',
    ],
    [
      'with an altered payload',
      altered((b) => {
        b.dsseEnvelope.payload = Buffer.from(JSON.stringify(statementOf(other))).toString('base64');
      }),
      none,
    ],
    [
      'with an altered payload type',
      altered((b) => {
        b.dsseEnvelope.payloadType = 'application/x';
      }),
      none,
    ],
    [
      'with a signed payload of another type',
      bundle(bundleOf(statementOf(subject), key, 'application/json')),
      'its payload is not an in-toto statement',
    ],
    [
      'with the signature of another statement',
      altered((b) => {
        b.dsseEnvelope.signatures = bundleOf(statementOf(other), key).dsseEnvelope.signatures;
      }),
      none,
    ],
    [
      'without a signature',
      altered((b) => {
        b.dsseEnvelope.signatures = [];
      }),
      'its envelope has no signature',
    ],
    [
      'with an empty signature',
      altered((b) => {
        b.dsseEnvelope.signatures = [{ sig: '' }];
      }),
      'its signature is not base64',
    ],
    [
      'with two signatures',
      altered((b) => {
        b.dsseEnvelope.signatures.push({ sig });
      }),
      'its envelope has several signatures',
    ],
    [
      'with a signature in base64url',
      altered((b) => {
        b.dsseEnvelope.signatures = [{ sig: `${sig.slice(0, -2)}_-` }];
      }),
      'its signature is not base64',
    ],
    [
      'with white space in its base64',
      altered((b) => {
        b.dsseEnvelope.signatures = [{ sig: `${sig}\n` }];
      }),
      'its signature is not base64',
    ],
    [
      'with signatures that are no list',
      altered((b) => ({ ...b, dsseEnvelope: { ...envelope, signatures: { 0: { sig } } } })),
      'its envelope is malformed',
    ],
    [
      'with a payload that is no string',
      altered((b) => ({ ...b, dsseEnvelope: { ...envelope, payload: 1 } })),
      'its envelope is malformed',
    ],
    ['as a raw statement', bundle(statementOf(subject)), 'it is not a sigstore bundle of a known version'],
    ['as a bare envelope', bundle(envelope), 'it is not a sigstore bundle of a known version'],
    [
      'of an unknown version',
      altered((b) => ({ ...b, mediaType: 'application/vnd.dev.sigstore.bundle.v9+json' })),
      'not a sigstore bundle of a known version',
    ],
    [
      'without verification material',
      altered((b) => ({ ...b, verificationMaterial: undefined })),
      'the bundle has no verification material',
    ],
    [
      'over the bytes of a file',
      altered((b) => ({ ...b, messageSignature: {} })),
      'the bundle signs a file, not an image',
    ],
    ['without an envelope', altered((b) => ({ ...b, dsseEnvelope: undefined })), 'its envelope is malformed'],
    ['as a list', bundle([right]), 'the bundle is not a JSON object'],
    ['as no JSON', { content: '{' }, 'the bundle is not a JSON document'],
    ['when it is empty', { content: '' }, 'the bundle is not a JSON document'],
    [
      'with a signed list',
      bundle(bundleOf([statementOf(subject)], key)),
      'the statement is not a JSON object',
    ],
    ['with a signed string', bundle(bundleOf('"signed"', key)), 'the statement is not a JSON object'],
    [
      'with a statement of an unknown type',
      bundle(bundleOf(statementOf(subject, { _type: 'x' }), key)),
      'it is not an in-toto statement',
    ],
    ['without subjects', bundle(bundleOf(statementOf(subject, { subject: [] }), key)), 'it names no image'],
    [
      'with a subject by SHA-512',
      bundle(bundleOf(statementOf(subject, { subject: [{ digest: { sha512: subject.slice(7) } }] }), key)),
      'it names no image',
    ],
    [
      'with the digest as the name',
      bundle(bundleOf(statementOf(subject, { subject: [{ name: subject }] }), key)),
      'it names no image',
    ],
    [
      'with the digest in a list',
      bundle(bundleOf(statementOf(subject, { subject: [{ digest: { sha256: [subject.slice(7)] } }] }), key)),
      'it names no image',
    ],
    [
      'with the digest in capitals',
      bundle(
        bundleOf(
          statementOf(subject, { subject: [{ digest: { sha256: subject.slice(7).toUpperCase() } }] }),
          key,
        ),
      ),
      'it names no image',
    ],
  ])('%s', (_, stored, message) => {
    expect(() => verify('bundle', stored)).toThrow(message);
  });
});

describe('a bundle counts', () => {
  it('when the image is one of several subjects', () => {
    const statement = statementOf(subject, {
      subject: [{ digest: { sha256: other.slice(7) } }, { digest: { sha256: subject.slice(7) } }],
    });
    expect(verify('bundle', bundle(bundleOf(statement, key))).signer.kind).toBe('key');
  });

  it('by the last of repeated members, which is what cosign reads', () => {
    expect(verify('bundle', bundle(bundleOf(duplicate, key))).format).toBe('bundle');
    const reversed = duplicate.replace(/("predicateType":"[^"]*"),("predicateType":"[^"]*")/, '$2,$1');
    expect(() => verify('bundle', bundle(bundleOf(reversed, key)))).toThrow('it is an attestation');
  });

  it('with members that are not known', () => {
    const more = { ...right, tlogEntries: 1, verificationMaterial: { certificate: {} } };
    expect(verify('bundle', bundle(more)).manifest).toBe(manifest);
  });
});

describe('a legacy signature does not count', () => {
  const payload = simplePayload(subject);
  const { signature } = legacySignature(payload, key);
  const text = JSON.stringify(payload);
  const none = 'none of the keys has signed it, or it was altered';
  const wrong = 'the payload is not that of a signature of an image';
  it.each<[string, { content: Uint8Array | string; annotation?: string | undefined }, string]>([
    [
      'for another image',
      legacy(legacySignature(simplePayload(other), key)),
      `it signs another image, ${other}`,
    ],
    ['with an altered payload', { content: text.replace(subject, other), annotation: signature }, none],
    ['with one space more', { content: `${text} `, annotation: signature }, none],
    ['without the annotation', { content: text }, 'its signature is not base64'],
    ['with an empty annotation', { content: text, annotation: '' }, 'its signature is not base64'],
    [
      'with an annotation that is not base64',
      { content: text, annotation: '%%%' },
      'its signature is not base64',
    ],
    [
      'with the signature of another payload',
      { content: text, annotation: legacySignature(simplePayload(other), key).signature },
      none,
    ],
    [
      'of another type',
      legacy(legacySignature(simplePayload(subject, '', null, { type: 'atomic container signature' }), key)),
      wrong,
    ],
    [
      'without a digest',
      legacy(legacySignature(simplePayload(subject, '', null, { image: {} }), key)),
      wrong,
    ],
    ['with a digest in capitals', legacy(legacySignature(simplePayload(subject.toUpperCase()), key)), wrong],
    ['with white space around the digest', legacy(legacySignature(simplePayload(` ${subject}`), key)), wrong],
    [
      'with a look-alike of the digest',
      legacy(legacySignature(simplePayload(subject.replace('a', '\u0430')), key)),
      wrong,
    ],
    ['with a signed null', legacy(legacySignature('null', key)), 'the payload is not a JSON object'],
    ['as a bundle in its place', { content: JSON.stringify(right), annotation: sig }, none],
  ])('%s', (_, stored, message) => {
    expect(() => verify('legacy', stored)).toThrow(message);
  });

  it('as the bytes that a bundle signs, and the other way round', () => {
    const claim = JSON.stringify(statementOf(subject));
    expect(() => verify('legacy', legacy(legacySignature(claim, key)))).toThrow(wrong);
    expect(() => verify('bundle', bundle(bundleOf(simplePayload(subject), key)))).toThrow(
      'it is not an in-toto statement',
    );
  });
});

describe('annotations', () => {
  const signed = { env: 'prod', build: 7, __proto__x: 'y' };
  const stored = {
    bundle: bundle(bundleOf(statementOf(subject, {}, signed), key)),
    legacy: legacy(legacySignature(simplePayload(subject, '', signed), key)),
  };

  describe.each(['bundle', 'legacy'] as const)('of a %s signature', (format) => {
    it('count when they are signed with the value', () => {
      expect(verify(format, stored[format], { env: 'prod' }).annotations).toEqual(signed);
    });

    it.each([
      ['has another value', { env: 'test' }],
      ['is missing', { team: 'a' }],
      ['is one of several that is missing', { env: 'prod', team: 'a' }],
      ['is a number', { build: '7' }],
      ['is a property of every object', { toString: 'x' }],
      ['has a name in other letters', { Env: 'prod' }],
    ])('refuse it when one %s', (_, required) => {
      expect(() => verify(format, stored[format], required)).toThrow('is not signed with the required value');
    });
  });

  it('of another subject do not count', () => {
    const statement = statementOf(subject, {
      subject: [
        { digest: { sha256: other.slice(7) }, annotations: { env: 'prod' } },
        { digest: { sha256: subject.slice(7) } },
      ],
    });
    expect(() => verify('bundle', bundle(bundleOf(statement, key)), { env: 'prod' })).toThrow(
      'required value',
    );
  });
});

it('a stranger is not trusted because the bundle names his key', () => {
  const document = {
    ...bundleOf(statementOf(subject), stranger),
    verificationMaterial: { publicKey: { hint: stranger.publicPem } },
  };
  expect(() => verify('bundle', bundle(document))).toThrow('none of the keys');
});
