// The encryption of cosign's private keys: scrypt and NaCl's secretbox (go-securesystemslib, `encrypted`).
import { scryptSync } from 'node:crypto';
import { isJsonObject, parseJson } from '../oci/json.ts';
import { decodeBase64 } from './base64.ts';

/** Memory that the derivation of a key may need: cosign's parameters need 64 MiB. */
const maximumMemory = 512 * 1024 * 1024;

/** The PKCS#8 document in an encrypted key; undefined when the password is wrong or the document is not of this form. */
export async function decryptCosignKey(document: Uint8Array, password: string): Promise<Buffer | undefined> {
  const { kdf, cipher, ciphertext } = objectIn(parseJson(document));
  const { name: derivation, params, salt } = objectIn(kdf);
  const { name: algorithm, nonce } = objectIn(cipher);
  const bytes = { salt: decodeBase64(salt), nonce: decodeBase64(nonce), text: decodeBase64(ciphertext) };
  const { N, r, p } = objectIn(params);
  if (derivation !== 'scrypt' || algorithm !== 'nacl/secretbox') {
    return undefined;
  }
  if (!bytes.salt || !bytes.nonce || !bytes.text || !isCount(N) || !isCount(r) || !isCount(p)) {
    return undefined;
  }
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  try {
    const key = scryptSync(password, bytes.salt, 32, { N, r, p, maxmem: maximumMemory });
    return Buffer.from(xsalsa20poly1305(key, bytes.nonce).decrypt(bytes.text));
  } catch {
    return undefined;
  }
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {};
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
