// Who signs the statements in bundles: a private key, or whoever else can make and recognise its own signatures.
import { digestHex } from '../oci/digest.ts';
import type { JsonValue } from '../oci/json.ts';
import { type Envelope, signedBytes } from './dsse-envelope.ts';
import { type SigningKey, signBytes } from './private-key.ts';
import { isSignedBy } from './public-key.ts';
import { readBundle } from './sigstore-bundle.ts';

/** A signature, and what a bundle holds to verify it with (`verificationMaterial`). */
export interface BundleSignature {
  readonly signature: Buffer;
  readonly material: JsonValue;
}

/** Signs statements. */
export interface BundleSigner {
  /** For people: `key sha256:…`, or an identity, which is known after its first signature. */
  readonly name: string;
  /** Signs an envelope. Throws what a server said that has a part in it. */
  sign(unsigned: Omit<Envelope, 'signature'>): Promise<BundleSignature>;
  /** The envelope in a stored bundle that the same signer has made; undefined for any other. Throws a UserError for no bundle. */
  ownEnvelope(bundle: Uint8Array): Promise<Envelope | undefined>;
}

/** The signer that has a private key. */
export function keySigner(key: SigningKey): BundleSigner {
  const { id } = key.publicKey;
  return {
    name: `key ${id}`,
    sign: async (unsigned) => ({
      signature: signBytes(key, signedBytes(unsigned)),
      material: { publicKey: { hint: Buffer.from(digestHex(id), 'hex').toString('base64') } },
    }),
    async ownEnvelope(bundle) {
      const envelope = readBundle(bundle);
      return isSignedBy(key.publicKey, signedBytes(envelope), envelope.signature) ? envelope : undefined;
    },
  };
}
