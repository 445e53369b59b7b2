// Private keys that images are signed with: every form in which they are kept, and what is wrong with others.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSigningKey, signBytes } from '../../src/signing/private-key.ts';
import { isSignedBy, readPublicKey } from '../../src/signing/public-key.ts';
import { createKey, type KeyKind, keyKinds } from '../support/signatures.ts';

const bytes = Buffer.from('what is signed');
const vector = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', 'cosign.json'), 'utf8'));
const pkcs8 = (kind: KeyKind, password?: string) => {
  const { privateKey, publicPem } = createKey(kind);
  const encryption = password === undefined ? {} : { cipher: 'aes-256-cbc', passphrase: password };
  return { publicPem, pem: privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString() };
};

describe.each(keyKinds)('a private key of the kind %s', (kind) => {
  it.each([undefined, 'secret'])(
    'signs what its public key verifies, with the password %s',
    async (password) => {
      const { pem, publicPem } = pkcs8(kind, password);
      const key = await readSigningKey(pem, password ?? '', 'the key');
      expect(isSignedBy(readPublicKey(publicPem, 'the key'), bytes, signBytes(key, bytes))).toBe(true);
    },
  );
});

it.each([
  ['sec1', 'ec', { namedCurve: 'P-256' }],
  ['pkcs1', 'rsa', { modulusLength: 2048 }],
] as const)('reads the older form %s', async (type, kind, options) => {
  const { privateKey, publicKey } = generateKeyPairSync(kind as 'ec', options as { namedCurve: string });
  const pem = privateKey.export({ type: type as 'sec1', format: 'pem' }).toString();
  const read = await readSigningKey(pem, '', 'the key');
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  expect(read.publicKey.id).toBe(readPublicKey(publicPem, 'the key').id);
});

it('reads a key that cosign encrypted under the name of its first versions', async () => {
  const old = vector.private_key.replaceAll('SIGSTORE', 'COSIGN');
  const { publicKey } = await readSigningKey(old, vector.password, 'the key');
  expect(publicKey.id).toBe(readPublicKey(vector.public_key, 'the key').id);
});

/** The encrypted key of the vector with some of its JSON replaced. */
function cosignKey(change: object): string {
  const body = vector.private_key.replace(/-----[^-]+-----|\s/g, '');
  const document = { ...JSON.parse(Buffer.from(body, 'base64').toString()), ...change };
  const encoded = Buffer.from(JSON.stringify(document)).toString('base64');
  const type = 'ENCRYPTED SIGSTORE PRIVATE KEY';
  return `-----BEGIN ${type}-----\n${encoded}\n-----END ${type}-----\n`;
}

describe('refuses, and quotes neither key nor password', () => {
  const { pem, publicPem } = pkcs8('P-256');
  const encrypted = pkcs8('P-384', 'secret').pem;
  const kdf = (params: object) => ({ kdf: { name: 'scrypt', salt: 'AAAA', params } });
  it.each([
    ['nothing', '', '', 'holds no PEM block'],
    ['a public key', publicPem, '', 'is a PEM block of the type PUBLIC KEY, not a private key'],
    ['a body that is no key', pem.replace(/\nM/, '\nA'), '', 'cannot be read as a private key'],
    ['a wrong password', encrypted, 'wrong', 'cannot be decrypted'],
    ['a missing password', encrypted, '', 'cannot be decrypted'],
    ["a wrong password of cosign's form", vector.private_key, 'wrong', 'cannot be decrypted'],
    [
      'a derivation that is not scrypt',
      cosignKey({ kdf: { name: 'argon2' } }),
      'secret',
      'cannot be decrypted',
    ],
    [
      'a cipher that is not secretbox',
      cosignKey({ cipher: { name: 'aes' } }),
      'secret',
      'cannot be decrypted',
    ],
    [
      'a salt that is not base64',
      cosignKey({ kdf: { name: 'scrypt', salt: '%' } }),
      'secret',
      'cannot be decrypted',
    ],
    [
      'a derivation without an end',
      cosignKey(kdf({ N: 2 ** 40, r: 8, p: 1 })),
      'secret',
      'cannot be decrypted',
    ],
    ['a derivation with fractions', cosignKey(kdf({ N: 1.5, r: 8, p: 1 })), 'secret', 'cannot be decrypted'],
    ['an altered ciphertext', cosignKey({ ciphertext: 'AAAA' }), vector.password, 'cannot be decrypted'],
    [
      'P-521',
      generateKeyPairSync('ec', { namedCurve: 'P-521' })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
      '',
      'is no key that images can be signed with',
    ],
  ])('%s', async (_, text, password, message) => {
    const error = await readSigningKey(text, password, 'params.sign.key').catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`params.sign.key ${message}`);
    for (const secret of [text.split('\n')[1], password].filter((part) => part)) {
      expect(String(error)).not.toContain(secret);
    }
  });
});
