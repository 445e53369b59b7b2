// Reads private keys of Notary: PKCS#8 in PEM, encrypted or not, with headers for role and collection.
import { createDecipheriv, createPrivateKey, type KeyObject, pbkdf2Sync } from 'node:crypto';
import { UserError } from '../errors.ts';
import { derTag, readDer, readSequence } from './der.ts';

/** A private key and the headers of its PEM block, which are empty when absent. */
export interface PrivateKeyFile {
  readonly role: string;
  readonly gun: string;
  readonly key: KeyObject;
}

const hashes: Readonly<Record<string, string>> = {
  '2a864886f70d0207': 'sha1',
  '2a864886f70d0209': 'sha256',
  '2a864886f70d020b': 'sha512',
};
const ciphers: Readonly<Record<string, { name: string; keyLength: number }>> = {
  '60864801650304012a': { name: 'aes-256-cbc', keyLength: 32 },
  '608648016503040116': { name: 'aes-192-cbc', keyLength: 24 },
  '608648016503040102': { name: 'aes-128-cbc', keyLength: 16 },
};
const pbes2 = '2a864886f70d01050d';
const pbkdf2 = '2a864886f70d01050c';
const ellipticCurve = '2a8648ce3d0201';
const rsa = '2a864886f70d010101';

/**
 * The private key in a PEM file: an ECDSA or RSA key as PKCS#8, encrypted by PBES2 (RFC 8018, section 6.2) or not.
 * Throws a UserError that says whether the file, its type or the passphrase is wrong, and quotes none of them.
 */
export function readPrivateKey(pem: string, passphrase: string): PrivateKeyFile {
  const block = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/.exec(pem.replace(/\r/g, ''));
  if (!block) {
    throw new UserError('the private key holds no PEM block', {
      hint: 'use the whole content of the key file, from -----BEGIN to -----END, with its line feeds',
    });
  }
  const [, type = '', content = ''] = block;
  const headers = new Map<string, string>();
  let body = '';
  for (const line of content.split('\n')) {
    const [, name, value = ''] = /^([\w-]+): *(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined) {
      body += line.trim();
    } else {
      headers.set(name.toLowerCase(), value);
    }
  }
  const der = Buffer.from(body, 'base64');
  const key = readKey(type, der, passphrase);
  return { role: headers.get('role') ?? '', gun: headers.get('gun') ?? '', key };
}

function readKey(type: string, der: Buffer, passphrase: string): KeyObject {
  switch (type) {
    case 'PRIVATE KEY':
      return importKey(der) ?? unreadable();
    case 'EC PRIVATE KEY':
      return tryImport(der, 'sec1') ?? unreadable();
    case 'RSA PRIVATE KEY':
      return tryImport(der, 'pkcs1') ?? unreadable();
    case 'ENCRYPTED PRIVATE KEY': {
      const plain = decrypt(der, passphrase);
      return (
        (plain && importKey(plain)) ??
        unreadable('the passphrase does not decrypt the private key', 'check the passphrase')
      );
    }
    default:
      return unreadable(`the private key is a PEM block of the type ${type}`);
  }
}

function unreadable(
  message = 'the private key cannot be read',
  hint = 'use an ECDSA or RSA private key as PKCS#8 in PEM, as `notary key export` writes it',
): never {
  throw new UserError(message, { hint });
}

/** The decrypted key; undefined when the passphrase is wrong, which leaves an invalid padding or no key. */
function decrypt(der: Buffer, passphrase: string): Buffer | undefined {
  const [algorithm, encrypted] = readSequence(der) ?? [];
  const [scheme, parameters] = algorithm ? (readDer(algorithm.content) ?? []) : [];
  const [derivation, encryption] = parameters ? (readDer(parameters.content) ?? []) : [];
  const [function_, settings] = derivation ? (readDer(derivation.content) ?? []) : [];
  const [cipherId, vector] = encryption ? (readDer(encryption.content) ?? []) : [];
  const [salt, iterations, ...options] = settings ? (readDer(settings.content) ?? []) : [];
  const pseudorandom = options.find(({ tag }) => tag === derTag.sequence);
  const [hashId] = pseudorandom ? (readDer(pseudorandom.content) ?? []) : [];
  const hash = hashId ? hashes[hashId.content.toString('hex')] : 'sha1';
  const cipher = ciphers[cipherId?.content.toString('hex') ?? ''];
  const known = scheme?.content.toString('hex') === pbes2 && function_?.content.toString('hex') === pbkdf2;
  if (!known || !encrypted || !salt || !iterations || !vector || !cipher || hash === undefined) {
    return unreadable(
      'the private key is encrypted by an algorithm that is not supported',
      'encrypt it as PKCS#8 with PBES2: openssl pkcs8 -topk8 -v2 aes-256-cbc',
    );
  }
  const count = iterations.content.readUIntBE(0, Math.min(iterations.content.length, 6));
  const secret = pbkdf2Sync(passphrase, salt.content, count, cipher.keyLength, hash);
  try {
    const decipher = createDecipheriv(cipher.name, secret, vector.content);
    return Buffer.concat([decipher.update(encrypted.content), decipher.final()]);
  } catch {
    return undefined;
  }
}

/**
 * Notary writes PKCS#8 that not every library accepts (version 1 without attributes, RSA without parameters): where the
 * whole is refused, the key inside is imported.
 */
function importKey(der: Buffer): KeyObject | undefined {
  const [, algorithm, inner] = readSequence(der) ?? [];
  const [kind] = algorithm ? (readDer(algorithm.content) ?? []) : [];
  const id = kind?.content.toString('hex');
  const key =
    tryImport(der, 'pkcs8') ??
    (inner && id === ellipticCurve ? tryImport(inner.content, 'sec1') : undefined) ??
    (inner && id === rsa ? tryImport(inner.content, 'pkcs1') : undefined);
  return key?.asymmetricKeyType === 'ec' || key?.asymmetricKeyType === 'rsa' ? key : undefined;
}

function tryImport(der: Buffer, type: 'pkcs8' | 'sec1' | 'pkcs1'): KeyObject | undefined {
  try {
    return createPrivateKey({ key: der, format: 'der', type });
  } catch {
    return undefined;
  }
}
