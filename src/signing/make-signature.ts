// Makes the documents of a signature, as cosign does: a sigstore bundle with an in-toto statement, or a simple signing payload.
import { type Digest, digestHex } from '../oci/digest.ts';
import { encodeJson, type JsonValue, sortedMap } from '../oci/json.ts';
import type { Attestation } from './attestation.ts';
import type { BundleSigner } from './bundle-signer.ts';
import { statementType } from './dsse-envelope.ts';
import { currentStatement, signaturePredicate } from './image-statement.ts';
import { type SigningKey, signBytes } from './private-key.ts';
import { bundleType } from './sigstore-bundle.ts';
import { imageSignatureType } from './simple-signing.ts';

/** What is signed with an image. */
export type SignedAnnotations = Readonly<Record<string, string>>;

/** A bundle that says that an image is signed. */
export async function makeBundle(
  subject: Digest,
  signer: BundleSigner,
  annotations: SignedAnnotations,
): Promise<Uint8Array> {
  const named = { ...subjectOf(subject), annotations: sortedMap(annotations) };
  return await bundleAround(statement(named, signaturePredicate, '{}'), signer);
}

/** A bundle that claims something of an image of `repository`. */
export async function makeAttestation(
  subject: Digest,
  repository: string,
  { predicateType, predicate }: Attestation,
  signer: BundleSigner,
): Promise<Uint8Array> {
  const named = { name: repository, ...subjectOf(subject) };
  return await bundleAround(statement(named, predicateType, predicate), signer);
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

function subjectOf(subject: Digest) {
  return { digest: { sha256: digestHex(subject) } };
}

/** A statement (in-toto Attestation Framework, v1); `predicate` is JSON, and becomes a part of it as it is. */
function statement(subject: JsonValue, predicateType: string, predicate: string): Buffer {
  const head = encodeJson({ _type: currentStatement, subject: [subject], predicateType });
  return Buffer.from(`${head.slice(0, -1)},"predicate":${predicate}}`);
}

async function bundleAround(payload: Buffer, signer: BundleSigner): Promise<Uint8Array> {
  const { signature, material } = await signer.sign({ payloadType: statementType, payload });
  return Buffer.from(
    encodeJson({
      mediaType: bundleType,
      verificationMaterial: material,
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: statementType,
        signatures: [{ sig: signature.toString('base64') }],
      },
    }),
  );
}
