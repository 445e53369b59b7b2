// Private keys in PEM: formats, encryption, and errors that quote no secret.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { readPrivateKey } from '../../src/notary/private-key.ts';
import { signBytes, signingKey } from '../../src/notary/signing-key.ts';
import { isSignedBy } from '../../src/notary/trust-key.ts';

// Made by `notary key generate ecdsa --role root`, without its headers.
const notaryKey = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHuMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAhVjd9F08oaTAICCAAw
HQYJYIZIAWUDBAEqBBCYE1NdTokGsstqNXoi75SJBIGg+pGgJw8im6QHSU08gHRD
ZOYuLcadFecwUlHMnQALmQM4PwMoDUd7sML4emrh25B6PBcamitwjLG5EP48Vg7D
dHDBHJMObbYWVatNMHSXG6gsV4qnaLSLDJI9XBlMx7mxukuejyTODxRKDVXo6+6R
uYkixyxl6U5loKPn8tDIqOtYzpidhPVnAasEkdRrbasFc12iLp4Nu2vO2y1m7NYb
bw==
-----END ENCRYPTED PRIVATE KEY-----
`;
const passphrase = 'rootpass99';

const pairs = {
  ecdsa: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

describe.each(['ecdsa', 'rsa'] as const)('an %s key', (kind) => {
  const { privateKey } = pairs[kind];
  const expected = signingKey(privateKey).id;
  const encrypted = (cipher: string) =>
    privateKey.export({ type: 'pkcs8', format: 'pem', cipher, passphrase: 'open' }).toString();
  const traditional = kind === 'rsa' ? 'pkcs1' : 'sec1';
  const files: readonly [string, string][] = [
    ['PKCS#8', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['the traditional form', privateKey.export({ type: traditional, format: 'pem' }).toString()],
    ['AES-256', encrypted('aes-256-cbc')],
    ['AES-128', encrypted('aes-128-cbc')],
    ['carriage returns', encrypted('aes-256-cbc').replaceAll('\n', '\r\n')],
  ];

  it.each(files)('is read from %s', (_, text) => {
    expect(signingKey(readPrivateKey(text, 'open').key).id).toBe(expected);
  });

  it('makes signatures that its public key verifies, over these bytes only', () => {
    const key = signingKey(privateKey);
    const signature = signBytes(key, key.id, Buffer.from('content'));
    expect(isSignedBy(key.publicKey, signature, Buffer.from('content'))).toBe(true);
    expect(isSignedBy(key.publicKey, signature, Buffer.from('Content'))).toBe(false);
    expect(isSignedBy(key.publicKey, { ...signature, method: 'eddsa' }, Buffer.from('content'))).toBe(false);
  });

  it('is not decrypted with another passphrase', () => {
    for (const wrong of ['', 'Open', 'open ']) {
      expect(() => readPrivateKey(encrypted('aes-256-cbc'), wrong)).toThrow(
        'the passphrase does not decrypt',
      );
    }
  });
});

it('reads role and collection from the headers of a key of Notary, and computes the same id as Notary', () => {
  const text = notaryKey.replace('KEY-----\n', 'KEY-----\nrole: root\ngun: registry.test/app\n\n');
  const { role, gun, key } = readPrivateKey(text, passphrase);
  expect({ role, gun }).toEqual({ role: 'root', gun: 'registry.test/app' });
  expect(signingKey(key).id).toBe('63075f411e304b68a0b4cff2d9b1b824b1190fdca5d043c5c75dd49fd8053345');
});

it.each([
  ['an empty string', ''],
  ['a secret that is no key', 'hunter2 hunter2'],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n'],
  ['a truncated key', '-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n'],
  [
    'a truncated encrypted key',
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\naHVudGVyMg==\n-----END ENCRYPTED PRIVATE KEY-----\n',
  ],
])('refuses %s without quoting it', (_, text) => {
  let failure = '';
  try {
    readPrivateKey(text, 'passphrase');
  } catch (error) {
    failure = errorText(error);
  }
  expect(failure).toMatch(/^the private key /);
  expect(failure).not.toMatch(/hunter2|aHVudGVyMg/);
});

it('refuses a key that is neither ECDSA nor RSA', () => {
  const text = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(() => readPrivateKey(text, '')).toThrow('cannot be read');
});
