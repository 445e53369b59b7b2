// Who has signed what is attached to an image, as its documents state it: for a list, and never a reason to trust it.
import { maximumSignature, maximumSignatures } from '../limits.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { Session } from '../transport/session.ts';
import { decodeBase64 } from './base64.ts';
import { certificateAnnotation, certificateIn } from './legacy-material.ts';
import { bundleType } from './sigstore-bundle.ts';
import { simpleSigningType } from './simple-signing.ts';
import { predicateAnnotation, readSignatureBlob } from './stored-signatures.ts';

/** A signature or an attestation. Nothing of it is verified. */
export interface StatedSignature {
  /** The type of the statement that is signed; null for a legacy signature, and where it is not known. */
  readonly predicate_type: string | null;
  /** The SHA-256 of the public key; null where a certificate is used, or nothing is stated. */
  readonly key: Digest | null;
  /** Whose certificate it is. */
  readonly identity: { readonly issuer: string; readonly subject: string } | null;
}

/** The extension of Fulcio's certificates with the OpenID provider (fulcio, docs/oid-info.md). */
const issuerExtension = '1.3.6.1.4.1.57264.1.8';

/** The media type of attestations under the tag `sha256-….att`, and the annotation with their type, as cosign 2 has them. */
const envelopeType = 'application/vnd.dsse.envelope.v1+json';
const envelopePredicate = 'predicateType';

/**
 * The signatures and attestations in a manifest, in its order. A bundle that is missing, corrupt, or larger than signatures
 * are, states nothing. Throws what the registry said.
 */
export async function statedSignatures(
  session: Session,
  { layers, annotations }: ImageManifest,
): Promise<StatedSignature[]> {
  const signed = layers.filter(({ mediaType }) =>
    [bundleType, simpleSigningType, envelopeType].includes(mediaType),
  );
  const found: StatedSignature[] = [];
  for (const layer of signed.slice(0, maximumSignatures)) {
    if (layer.mediaType === bundleType) {
      const content = await readSignatureBlob(session, layer, maximumSignature);
      found.push({
        predicate_type: annotations?.[predicateAnnotation] ?? null,
        ...(content ? await signerIn(content) : nobody),
      });
    } else {
      found.push({
        predicate_type: layer.annotations?.[envelopePredicate] ?? null,
        ...(await certified(certificateIn(layer.annotations?.[certificateAnnotation]))),
      });
    }
  }
  return found;
}

type Stated = Pick<StatedSignature, 'key' | 'identity'>;

const nobody: Stated = { key: null, identity: null };

async function signerIn(content: Uint8Array): Promise<Stated> {
  const material = objectIn(objectIn(parseJson(content)).verificationMaterial);
  const { certificates } = objectIn(material.x509CertificateChain);
  const [first] = Array.isArray(certificates) ? certificates : [];
  const { hint } = objectIn(material.publicKey);
  const key = `sha256:${decodeBase64(hint)?.toString('hex')}`;
  return isDigest(key)
    ? { key, identity: null }
    : await certified(objectIn(material.certificate ?? first).rawBytes);
}

async function certified(der: unknown): Promise<Stated> {
  const bytes = decodeBase64(der);
  if (!bytes) {
    return nobody;
  }
  const { X509Certificate } = await import('./sigstore-sdk.ts');
  try {
    const certificate = X509Certificate.parse(Buffer.from(bytes));
    const issuer = certificate.extension(issuerExtension)?.valueObj.subs[0]?.value.toString();
    return { key: null, identity: { issuer: issuer ?? '', subject: certificate.subjectAltName ?? '' } };
  } catch {
    // Whatever the library throws: it is no certificate.
    return nobody;
  }
}

function objectIn(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
