// Private keys that sign images: PKCS#8 in PEM, encrypted or not, and the form in which cosign encrypts its keys.
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { UserError } from '../errors.ts';
import { decryptCosignKey } from './cosign-key.ts';
import { type PublicKey, publicKeyOf, usableKeys } from './public-key.ts';

/** A private key, and its public key. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
}

/**
 * The private key in a PEM file. Throws a UserError that begins with `where`: it says whether the file, the password or the
 * kind of key is wrong, and quotes none of them.
 */
export async function readSigningKey(pem: string, password: string, where: string): Promise<SigningKey> {
  const [, type = '', body = ''] = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/.exec(pem) ?? [];
  if (type === '') {
    throw new UserError(`${where} holds no PEM block`, {
      hint: 'use the whole content of a private key file (cosign.key), from -----BEGIN to -----END',
    });
  }
  const privateKey = await importKey(type, Buffer.from(body, 'base64'), password, where);
  const publicKey = publicKeyOf(createPublicKey(privateKey));
  if (!publicKey) {
    throw new UserError(`${where} is no key that images can be signed with`, { hint: usableKeys });
  }
  return { privateKey, publicKey };
}

/** A signature over bytes: ECDSA in DER or RSA by PKCS #1 v1.5, both with SHA-256, or Ed25519. */
export function signBytes({ privateKey, publicKey }: SigningKey, bytes: Uint8Array): Buffer {
  const [hash = null] = publicKey.hashes;
  return sign(hash, bytes, privateKey);
}

async function importKey(type: string, der: Buffer, password: string, where: string): Promise<KeyObject> {
  switch (type) {
    case 'PRIVATE KEY':
      return importDer(der, 'pkcs8') ?? unreadable(where);
    case 'EC PRIVATE KEY':
      return importDer(der, 'sec1') ?? unreadable(where);
    case 'RSA PRIVATE KEY':
      return importDer(der, 'pkcs1') ?? unreadable(where);
    case 'ENCRYPTED PRIVATE KEY':
      return importDer(der, 'pkcs8', password) ?? wrongPassword(where);
    case 'ENCRYPTED SIGSTORE PRIVATE KEY':
    case 'ENCRYPTED COSIGN PRIVATE KEY': {
      const plain = await decryptCosignKey(der, password);
      return (plain && importDer(plain, 'pkcs8')) ?? wrongPassword(where);
    }
    default:
      throw new UserError(`${where} is a PEM block of the type ${type}, not a private key`, {
        hint: 'cosign generate-key-pair and openssl genpkey write private keys that can be used here',
      });
  }
}

function unreadable(where: string): never {
  throw new UserError(`${where} cannot be read as a private key`);
}

function wrongPassword(where: string): never {
  throw new UserError(`${where} cannot be decrypted`, {
    hint: 'check the password; keys of openssl must be encrypted by PBKDF2 (-aes-256-cbc), not by scrypt',
  });
}

function importDer(der: Buffer, type: 'pkcs8' | 'sec1' | 'pkcs1', password?: string): KeyObject | undefined {
  try {
    return createPrivateKey({
      key: der,
      format: 'der',
      type,
      ...(password === undefined ? {} : { passphrase: password }),
    });
  } catch {
    // The message of the runtime may quote the key.
    return undefined;
  }
}
