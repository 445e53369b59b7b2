// Makes the documents of a signature, as cosign does: a sigstore bundle with an in-toto statement, or a simple signing payload.
import { type Digest, digestHex } from '../oci/digest.ts';
import { encodeJson, sortedMap } from '../oci/json.ts';
import { signedBytes, statementType } from './dsse-envelope.ts';
import { currentStatement, signaturePredicate } from './image-statement.ts';
import { type SigningKey, signBytes } from './private-key.ts';
import { bundleType } from './sigstore-bundle.ts';
import { imageSignatureType } from './simple-signing.ts';

/** What is signed with an image. */
export type SignedAnnotations = Readonly<Record<string, string>>;

/** A bundle that says that an image is signed. */
export function makeBundle(subject: Digest, key: SigningKey, annotations: SignedAnnotations): Uint8Array {
  const statement = {
    _type: currentStatement,
    subject: [{ digest: { sha256: digestHex(subject) }, annotations: sortedMap(annotations) }],
    predicateType: signaturePredicate,
    predicate: {},
  };
  const payload = Buffer.from(encodeJson(statement));
  const signature = signBytes(key, signedBytes({ payloadType: statementType, payload }));
  return Buffer.from(
    encodeJson({
      mediaType: bundleType,
      verificationMaterial: {
        publicKey: { hint: Buffer.from(digestHex(key.publicKey.id), 'hex').toString('base64') },
      },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: statementType,
        signatures: [{ sig: signature.toString('base64') }],
      },
    }),
  );
}

/** A simple signing payload for an image of `repository`, and the signature over it in base64. */
export function makePayload(
  subject: Digest,
  repository: string,
  key: SigningKey,
  annotations: SignedAnnotations,
): { readonly payload: Uint8Array; readonly signature: string } {
  const payload = Buffer.from(
    encodeJson({
      critical: {
        identity: { 'docker-reference': repository },
        image: { 'docker-manifest-digest': subject },
        type: imageSignatureType,
      },
      optional: Object.keys(annotations).length === 0 ? null : sortedMap(annotations),
    }),
  );
  return { payload, signature: signBytes(key, payload).toString('base64') };
}
