// Public keys in TUF metadata: their ids, their certificates, and verification of signatures.
import { constants, createHash, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { isJsonObject } from '../oci/json.ts';
import { canonicalJson } from './canonical-json.ts';

/** A public key of The Update Framework as Notary writes it; `public` is base64. */
export interface TrustKey {
  readonly keytype: string;
  readonly keyval: { readonly private: null; readonly public: string };
}

/** A signature in metadata; `sig` is base64. */
export interface Signature {
  readonly keyid: string;
  readonly method: string;
  readonly sig: string;
}

const minimumRsaBits = 2048;

/** The key in a parsed JSON value; undefined when it is malformed. */
export function readTrustKey(value: unknown): TrustKey | undefined {
  const { keytype, keyval } = isJsonObject(value) ? value : {};
  return typeof keytype === 'string' && isJsonObject(keyval) && typeof keyval.public === 'string'
    ? trustKey(keytype, keyval.public)
    : undefined;
}

/** A key of this type; `encoded` is base64. */
export function trustKey(keytype: string, encoded: string): TrustKey {
  return { keytype, keyval: { private: null, public: encoded } };
}

/** The id of a key: the SHA-256 of its canonical JSON, 64 hexadecimal digits. */
export function keyId(key: TrustKey): string {
  return createHash('sha256').update(canonicalJson(key)).digest('hex');
}

/**
 * The id of the key in a certificate, or of a key without one, which is also the id of its private key (Notary's
 * CanonicalKeyID). Undefined for a key that cannot be read.
 */
export function bareKeyId(key: TrustKey): string | undefined {
  if (!key.keytype.endsWith('-x509')) {
    return keyId(key);
  }
  const bare = publicKeyOf(key)?.export({ format: 'der', type: 'spki' });
  return bare && keyId(trustKey(key.keytype.replace('-x509', ''), bare.toString('base64')));
}

/** The certificate of a key; undefined when the key has none. */
export function certificateOf({ keytype, keyval }: TrustKey): X509Certificate | undefined {
  try {
    return keytype.endsWith('-x509') ? new X509Certificate(Buffer.from(keyval.public, 'base64')) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a signature over these bytes was made by a key; false for a method that does not fit the key. */
export function isSignedBy(key: TrustKey, signature: Signature, bytes: Uint8Array): boolean {
  const publicKey = publicKeyOf(key);
  const sig = Buffer.from(signature.sig, 'base64');
  const kind = publicKey?.asymmetricKeyType;
  if (!publicKey) {
    return false;
  }
  switch (signature.method.toLowerCase()) {
    case 'ecdsa':
      return kind === 'ec' && verify('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, sig);
    case 'rsapss': {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return (
        isStrongRsa(publicKey) && verify('sha256', bytes, { key: publicKey, padding, saltLength: 32 }, sig)
      );
    }
    case 'rsapkcs1v15':
      return isStrongRsa(publicKey) && verify('sha256', bytes, publicKey, sig);
    case 'eddsa':
      return kind === 'ed25519' && verify(null, bytes, publicKey, sig);
    default:
      return false;
  }
}

function isStrongRsa(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === 'rsa' && bits >= minimumRsaBits;
}

function publicKeyOf(key: TrustKey): KeyObject | undefined {
  const bytes = Buffer.from(key.keyval.public, 'base64');
  try {
    switch (key.keytype) {
      case 'ecdsa-x509':
      case 'rsa-x509':
        return certificateOf(key)?.publicKey;
      case 'ecdsa':
      case 'rsa':
        return createPublicKey({ key: bytes, format: 'der', type: 'spki' });
      case 'ed25519':
        return createPublicKey({
          format: 'jwk',
          key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') },
        });
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
