// Private keys that sign metadata, and the targets key that is derived from a root key.
import {
  constants,
  createECDH,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { UserError } from '../errors.ts';
import { keyId, type Signature, type TrustKey, trustKey } from './trust-key.ts';

/** A private key, and its public key as metadata lists it. */
export interface SigningKey {
  /** The id of the public key without a certificate, 64 hexadecimal digits. */
  readonly id: string;
  readonly publicKey: TrustKey;
  readonly key: KeyObject;
}

/** Prepares an ECDSA or RSA private key for signing. */
export function signingKey(key: KeyObject): SigningKey {
  const keytype = key.asymmetricKeyType === 'rsa' ? 'rsa' : 'ecdsa';
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = trustKey(keytype, spki.toString('base64'));
  return { id: keyId(publicKey), publicKey, key };
}

/**
 * A signature under the id by which metadata lists the key: ECDSA as r and s in fixed width, or RSA-PSS with a salt as
 * long as the hash, both with SHA-256.
 */
export function signBytes({ key }: SigningKey, keyid: string, bytes: Uint8Array): Signature {
  if (key.asymmetricKeyType === 'rsa') {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const sig = sign('sha256', bytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    return { keyid, method: 'rsapss', sig: sig.toString('base64') };
  }
  const sig = sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
  return { keyid, method: 'ecdsa', sig: sig.toString('base64') };
}

/**
 * The targets key of a collection that is initialised with this root key: P-256, derived by HKDF (RFC 5869) from the
 * root key and the name of the collection, so that a later put with the same root key derives it again.
 */
export function deriveTargetsKey(root: SigningKey, gun: string): SigningKey {
  const { d = '' } = root.key.export({ format: 'jwk' });
  const curve = createECDH('prime256v1');
  for (let attempt = 0; attempt < 4; attempt++) {
    const scalar = hkdfSync('sha256', Buffer.from(d, 'base64url'), gun, `notary targets key ${attempt}`, 32);
    try {
      curve.setPrivateKey(Buffer.from(scalar));
    } catch {
      // Not below the order of the curve, which happens once in 2^32.
      continue;
    }
    const point = curve.getPublicKey();
    return signingKey(
      createPrivateKey({
        format: 'jwk',
        key: {
          kty: 'EC',
          crv: 'P-256',
          d: curve.getPrivateKey('base64url'),
          x: point.subarray(1, 33).toString('base64url'),
          y: point.subarray(33).toString('base64url'),
        },
      }),
    );
  }
  throw new UserError('no targets key can be derived from the root key');
}
