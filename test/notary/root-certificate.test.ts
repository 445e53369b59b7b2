// The self-signed certificate of a root key.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { rootCertificate } from '../../src/notary/root-certificate.ts';
import { signingKey } from '../../src/notary/signing-key.ts';
import { bareKeyId, trustKey } from '../../src/notary/trust-key.ts';

it.each([
  ['ecdsa', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey],
  ['ecdsa', generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey],
  ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
] as const)(
  'makes for an %s key a self-signed certificate with the name of the collection',
  (kind, privateKey) => {
    const key = signingKey(privateKey);
    const from = Date.parse('2045-06-01T12:00:00Z');
    const until = Date.parse('2055-06-01T12:00:00Z');
    const pem = rootCertificate(key, 'registry.test:5000/team/app', from, until);
    const certificate = new X509Certificate(pem);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe('CN=registry.test:5000/team/app');
    expect(certificate.issuer).toBe(certificate.subject);
    expect([Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]).toEqual([from, until]);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.3']);
    expect(bareKeyId(trustKey(`${kind}-x509`, Buffer.from(pem).toString('base64')))).toBe(key.id);
  },
);
