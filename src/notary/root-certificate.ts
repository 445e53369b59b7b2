// The self-signed certificate of a root key, with the collection as its common name (RFC 5280).
import { createPublicKey, randomBytes, sign } from 'node:crypto';
import { derTag, writeDer } from './der.ts';
import type { SigningKey } from './signing-key.ts';

const objectId = (hex: string) => writeDer(derTag.objectId, Buffer.from(hex, 'hex'));
const commonName = objectId('550403');
const ecdsaWithSha256 = writeDer(derTag.sequence, objectId('2a8648ce3d040302'));
const sha256WithRsa = writeDer(derTag.sequence, objectId('2a864886f70d01010b'), Buffer.from([0x05, 0x00]));
const critical = writeDer(derTag.boolean, Buffer.from([0xff]));

/** A certificate of this key in PEM, with the common name `gun`, valid between two times in milliseconds. */
export function rootCertificate(key: SigningKey, gun: string, from: number, to: number): string {
  const algorithm = key.key.asymmetricKeyType === 'rsa' ? sha256WithRsa : ecdsaWithSha256;
  const name = writeDer(
    derTag.sequence,
    writeDer(
      derTag.set,
      writeDer(derTag.sequence, commonName, writeDer(derTag.utf8String, Buffer.from(gun))),
    ),
  );
  const serial = randomBytes(16);
  // A serial number must be positive and not zero.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = writeDer(
    derTag.sequence,
    writeDer(0xa0, writeDer(derTag.integer, Buffer.from([2]))),
    writeDer(derTag.integer, serial),
    algorithm,
    name,
    writeDer(derTag.sequence, time(from), time(to)),
    name,
    createPublicKey(key.key).export({ format: 'der', type: 'spki' }),
    writeDer(0xa3, writeDer(derTag.sequence, ...extensions)),
  );
  const signature = sign('sha256', body, { key: key.key, dsaEncoding: 'der' });
  const certificate = writeDer(
    derTag.sequence,
    body,
    algorithm,
    writeDer(derTag.bitString, Buffer.from([0]), signature),
  );
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** As in Notary: key usage digitalSignature and keyEncipherment, code signing, and not a certificate authority. */
const extensions: readonly Buffer[] = [
  extension('551d0f', writeDer(derTag.bitString, Buffer.from([5, 0xa0])), critical),
  extension('551d25', writeDer(derTag.sequence, objectId('2b06010505070303'))),
  extension('551d13', writeDer(derTag.sequence), critical),
];

function extension(id: string, value: Buffer, ...flags: readonly Buffer[]): Buffer {
  return writeDer(derTag.sequence, objectId(id), ...flags, writeDer(derTag.octetString, value));
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '');
  const year = Number(digits.slice(0, 4));
  return year < 2050
    ? writeDer(derTag.utcTime, Buffer.from(digits.slice(2)))
    : writeDer(derTag.generalizedTime, Buffer.from(digits));
}
