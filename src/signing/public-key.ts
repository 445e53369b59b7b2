// Public keys that signatures are verified with: the PEM that they are read from, their ids, and verification itself.
import { createPublicKey, type KeyObject, verify, type webcrypto } from 'node:crypto';
import { UserError } from '../errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';

/** A public key. */
export interface PublicKey {
  /** The SHA-256 of its SubjectPublicKeyInfo in DER; cosign's hint of a key is the same in base64. */
  readonly id: Digest;
  readonly key: KeyObject;
  /** The hashes of signatures that count, the one that is signed with first; null where the algorithm has its own. */
  readonly hashes: readonly (string | null)[];
}

const minimumRsaBits = 2048;
const encodings: Readonly<Record<string, 'spki' | 'pkcs1'>> = {
  'PUBLIC KEY': 'spki',
  'RSA PUBLIC KEY': 'pkcs1',
};

/**
 * The public key in a PEM file: ECDSA on P-256 or P-384, RSA of at least 2048 bits, or Ed25519. Throws a UserError that
 * begins with `where` for anything else, private keys and certificates among it; it quotes nothing of the file.
 */
export function readPublicKey(pem: string, where: string): PublicKey {
  const blocks = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)];
  const [block, another] = blocks;
  if (!block) {
    throw new UserError(`${where} holds no PEM block`, {
      hint: 'use the whole content of a public key file (cosign.pub), from -----BEGIN to -----END',
    });
  }
  if (another) {
    throw new UserError(`${where} holds ${blocks.length} PEM blocks`, { hint: 'list each key by itself' });
  }
  const [, type = '', body = ''] = block;
  const encoding = encodings[type];
  if (!encoding) {
    throw new UserError(`${where} is a PEM block of the type ${type}, not a public key`, {
      hint: type.endsWith('PRIVATE KEY')
        ? 'write the public key here, and keep the private one where images are signed'
        : 'export the public key: openssl pkey -pubout, or openssl x509 -pubkey -noout for a certificate',
    });
  }
  const key = importKey(Buffer.from(body, 'base64'), encoding);
  const known = key && publicKeyOf(key);
  if (!known) {
    throw new UserError(`${where} is no key that signatures can be verified with`, { hint: usableKeys });
  }
  return known;
}

/** The kinds of keys that are read, as a hint. */
export const usableKeys = 'use ECDSA on P-256 or P-384, RSA of at least 2048 bits, or Ed25519';

/** A public key of the runtime with its id; undefined for a kind that is not used. */
export function publicKeyOf(read: KeyObject): PublicKey | undefined {
  const numbers = numbersOf(read);
  const hashes = numbers && hashesOf(read, numbers);
  if (!hashes) {
    return undefined;
  }
  // Encoded anew: a point can be written in three ways, and a curve by its parameters, but it is one key with one id.
  const key = createPublicKey({ key: numbers, format: 'jwk' });
  return { id: digestOf(key.export({ format: 'der', type: 'spki' })), key, hashes };
}

/** Whether a signature over these bytes was made by the private key of a public one. */
export function isSignedBy({ key, hashes }: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return hashes.some((hash) => {
    try {
      return verify(hash, bytes, key, signature);
    } catch {
      // Not even the encoding of a signature.
      return false;
    }
  });
}

function importKey(der: Buffer, type: 'spki' | 'pkcs1'): KeyObject | undefined {
  try {
    return createPublicKey({ key: der, format: 'der', type });
  } catch {
    return undefined;
  }
}

/** The numbers that a key consists of; undefined for a kind or a curve that has no JSON Web Key. */
function numbersOf(key: KeyObject): webcrypto.JsonWebKey | undefined {
  try {
    return key.export({ format: 'jwk' });
  } catch {
    return undefined;
  }
}

/**
 * cosign verifies with SHA-256 whatever the curve, even where it has signed with SHA-384: so SHA-256 is signed with, and both
 * count.
 */
function hashesOf(
  { asymmetricKeyType: type }: KeyObject,
  { crv, n = '' }: webcrypto.JsonWebKey,
): readonly (string | null)[] | undefined {
  switch (type) {
    case 'ed25519':
      return [null];
    case 'rsa':
      return bitLength(Buffer.from(n, 'base64url')) >= minimumRsaBits ? ['sha256'] : undefined;
    case 'ec':
      return crv === 'P-256' ? ['sha256'] : crv === 'P-384' ? ['sha256', 'sha384'] : undefined;
    default:
      return undefined;
  }
}

function bitLength(number: Buffer): number {
  return number.length * 8 - Math.clz32(number[0] ?? 0) + 24;
}
