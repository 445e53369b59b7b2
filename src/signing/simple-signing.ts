// Simple signing payloads: what cosign's legacy signatures sign (containers/image, "Simple Signing").
import { UserError } from '../errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { parseDocument } from '../oci/document-json.ts';
import { isJsonObject, type JsonObject } from '../oci/json.ts';

/** What a payload says. */
export interface SimplePayload {
  readonly digest: Digest;
  /** The repository that the signer named; a copy of the image has the same signature. */
  readonly reference: string;
  readonly annotations: JsonObject;
}

/** The media type of a payload, which is a layer of the manifest under the tag of the signatures. */
export const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** The annotation of that layer with the signature in base64. */
export const signatureAnnotation = 'dev.cosignproject.cosign/signature';

/** The type of signatures of images. */
export const imageSignatureType = 'cosign container image signature';

/** The content of a payload. Throws a UserError for a malformed one, and for a signature of anything else than an image. */
export function readSimplePayload(bytes: Uint8Array): SimplePayload {
  const { critical, optional } = parseDocument(bytes, 'the payload');
  const { type, image, identity } = isJsonObject(critical) ? critical : {};
  const digest = isJsonObject(image) ? image['docker-manifest-digest'] : undefined;
  const reference = isJsonObject(identity) ? identity['docker-reference'] : undefined;
  if (type !== imageSignatureType || !isDigest(digest)) {
    throw new UserError('the payload is not that of a signature of an image');
  }
  return {
    digest,
    reference: typeof reference === 'string' ? reference : '',
    annotations: isJsonObject(optional) ? optional : {},
  };
}
