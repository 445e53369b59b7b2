// Sigstore bundles: the JSON document that holds an envelope and what it is verified with (sigstore_bundle.proto).
import { UserError } from '../errors.ts';
import { parseDocument } from '../oci/document-json.ts';
import { isJsonObject } from '../oci/json.ts';
import { type Envelope, readEnvelope } from './dsse-envelope.ts';

/** The media type of a bundle, as a document, as a layer and as the artifact type of its manifest. */
export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** The older ways to write it: the document is the same for what is read here. */
const documentTypes: readonly unknown[] = [
  bundleType,
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
];

/** The envelope of a bundle. Throws a UserError for a malformed bundle, and for one that signs bytes without an envelope. */
export function readBundle(bytes: Uint8Array): Envelope {
  const { mediaType, verificationMaterial, dsseEnvelope, messageSignature } = parseDocument(
    bytes,
    'the bundle',
  );
  if (!documentTypes.includes(mediaType)) {
    throw new UserError('it is not a sigstore bundle of a known version');
  }
  if (!isJsonObject(verificationMaterial)) {
    throw new UserError('the bundle has no verification material');
  }
  if (messageSignature !== undefined) {
    throw new UserError('the bundle signs a file, not an image');
  }
  return readEnvelope(dsseEnvelope);
}
