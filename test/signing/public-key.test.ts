// Public keys: which are read, which are refused, and what they verify.
import { constants, createHash, createPublicKey, ECDH, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSignedBy, readPublicKey } from '../../src/signing/public-key.ts';
import { createKey, keyKinds, pemOf, type TestKey } from '../support/signatures.ts';

const bytes = Buffer.from('what is signed');
const keys = new Map(keyKinds.map((kind) => [kind, createKey(kind)]));
/** The same P-256 key with its point compressed, as `openssl ec -conv_form compressed` writes it. */
function compressedPem(publicPem: string): string {
  const spki = createPublicKey(publicPem).export({ type: 'spki', format: 'der' });
  const point = ECDH.convertKey(spki.subarray(-65), 'prime256v1', undefined, undefined, 'compressed');
  const body = Buffer.concat([
    Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'),
    Buffer.from(point),
  ]);
  return `-----BEGIN PUBLIC KEY-----\n${body.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}
const keyOf = (kind: (typeof keyKinds)[number]) => keys.get(kind) as TestKey;

describe.each(keyKinds)('a public key of the kind %s', (kind) => {
  const { publicPem, privateKey, hash } = keyOf(kind);
  const key = readPublicKey(publicPem, 'the key');
  const signature = sign(hash, bytes, privateKey);

  it('verifies a signature of its private key', () => {
    expect(isSignedBy(key, bytes, signature)).toBe(true);
  });

  it('refuses the signature over other bytes', () => {
    expect(isSignedBy(key, Buffer.from('what is forged'), signature)).toBe(false);
  });

  it('refuses the signature of another key of the same kind', () => {
    const other = createKey(kind);
    expect(isSignedBy(key, bytes, sign(other.hash, bytes, other.privateKey))).toBe(false);
  });

  it('refuses a signature with one bit changed', () => {
    const altered = Buffer.from(signature);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    expect(isSignedBy(key, bytes, altered)).toBe(false);
  });

  it.each(keyKinds.filter((other) => other !== kind))('refuses a signature of a %s key', (other) => {
    const { privateKey: foreign, hash: own } = keyOf(other);
    expect(isSignedBy(key, bytes, sign(own, bytes, foreign))).toBe(false);
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['of zeros', Buffer.alloc(64)],
    ['an empty sequence', Buffer.from('3000', 'hex')],
    ['r and s of zero', Buffer.from('3006020100020100', 'hex')],
    ['of 300 bytes', Buffer.alloc(300, 1)],
  ])('refuses a signature that is %s', (_, forged) => {
    expect(isSignedBy(key, bytes, forged)).toBe(false);
  });

  it('has the SHA-256 of its SubjectPublicKeyInfo as its id', () => {
    const der = Buffer.from(publicPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    expect(key.id).toBe(`sha256:${createHash('sha256').update(der).digest('hex')}`);
  });
});

it('verifies a signature with SHA-256 by a P-384 key, as legacy ones have', () => {
  const { publicPem, privateKey } = keyOf('P-384');
  expect(isSignedBy(readPublicKey(publicPem, 'the key'), bytes, sign('sha256', bytes, privateKey))).toBe(
    true,
  );
});

it('refuses a signature with SHA-1', () => {
  const { publicPem, privateKey } = keyOf('RSA');
  expect(isSignedBy(readPublicKey(publicPem, 'the key'), bytes, sign('sha1', bytes, privateKey))).toBe(false);
});

it('reads a key with line feeds of Windows, and text around it', () => {
  const { publicPem } = keyOf('P-256');
  const id = readPublicKey(publicPem, 'the key').id;
  expect(readPublicKey(`ours:\r\n${publicPem.replaceAll('\n', '\r\n')}\r\n`, 'the key').id).toBe(id);
});

it('reads an RSA key in the form of PKCS #1 as the same key', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const old = publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  expect(readPublicKey(old, 'the key').id).toBe(readPublicKey(pemOf(publicKey), 'the key').id);
});

it('reads a P-256 key with a compressed point as the same key', () => {
  const { publicPem } = keyOf('P-256');
  const compressed = compressedPem(publicPem);
  expect(compressed).not.toBe(publicPem);
  expect(readPublicKey(compressed, 'the key').id).toBe(readPublicKey(publicPem, 'the key').id);
});

it('refuses a signature in other encodings than DER and PKCS #1 v1.5', () => {
  const ecdsa = keyOf('P-256');
  const rsa = keyOf('RSA');
  const raw = sign('sha256', bytes, { key: ecdsa.privateKey, dsaEncoding: 'ieee-p1363' });
  const pss = sign('sha256', bytes, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING });
  expect(isSignedBy(readPublicKey(ecdsa.publicPem, 'the key'), bytes, raw)).toBe(false);
  expect(isSignedBy(readPublicKey(rsa.publicPem, 'the key'), bytes, pss)).toBe(false);
});

describe('refuses, and names the reason without the file', () => {
  const privatePem = keyOf('P-256').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { publicPem } = keyOf('P-256');
  const ofCurve = (namedCurve: string) => pemOf(generateKeyPairSync('ec', { namedCurve }).publicKey);
  const unusable = /is no key that signatures can be verified with/;
  it.each([
    ['nothing', '', /holds no PEM block/],
    ['a path', '/keys/cosign.pub', /holds no PEM block/],
    ['a private key', privatePem, /type PRIVATE KEY, not a public key/],
    ['two keys in one string', `${publicPem}${publicPem}`, /holds 2 PEM blocks/],
    ['a certificate', publicPem.replaceAll('PUBLIC KEY', 'CERTIFICATE'), /type CERTIFICATE/],
    ['a body that is no key', publicPem.replace(/\nM/, '\nA'), unusable],
    ['an empty body', '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----', unusable],
    ['RSA of 1024 bits', pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), unusable],
    ['RSA of 2047 bits', pemOf(generateKeyPairSync('rsa', { modulusLength: 2047 }).publicKey), unusable],
    ['a curve without a JSON Web Key', ofCurve('brainpoolP256r1'), unusable],
    ['RSA-PSS', pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey), unusable],
    ['P-521', ofCurve('P-521'), unusable],
    ['secp256k1', ofCurve('secp256k1'), unusable],
    ['X25519', pemOf(generateKeyPairSync('x25519').publicKey), unusable],
  ])('%s', (_, pem, message) => {
    expect(() => readPublicKey(pem, 'source.verify.keys[0]')).toThrow(message);
    expect(() => readPublicKey(pem, 'source.verify.keys[0]')).toThrow(/^source\.verify\.keys\[0\]/);
  });
});
