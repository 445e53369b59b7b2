// Certificates (RFC 5280) that no authority would issue, or issues for other kinds of keys and names: built byte by byte.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { certificatePem, type TestCertificate } from './sigstore.ts';

/** The general names of a certificate: an e-mail address, a URI, or a name of another form (Fulcio's user names). */
export type GeneralName = readonly [form: 'email' | 'uri' | 'other', value: string | Uint8Array];

/** What a certificate is for; by default a valid one for `issuer` that begins now. */
export interface CertificateContent {
  readonly names?: readonly GeneralName[];
  /** The OpenID provider, in the extension of today; null leaves it out. */
  readonly issuer?: string | null;
  /** The same in the extension of older certificates. */
  readonly oldIssuer?: string;
  readonly keys?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly issued?: Date;
  readonly isAuthority?: boolean;
  readonly name?: string;
}

/** An authority that issues anything. */
export interface TestAuthority {
  readonly certificate: TestCertificate;
  /** The member of `certificateAuthorities` for it. */
  readonly trusted: object;
  issue(content: CertificateContent): TestCertificate;
}

const ecdsaWithSha256 = '06082a8648ce3d040302';
const day = 86_400_000;

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts);
const bits = (content: Uint8Array) => tlv(0x03, Buffer.from([0]), content);
const hex = (text: string) => Buffer.from(text, 'hex');
const text = (value: string) => tlv(0x0c, Buffer.from(value));
const time = (date: Date) => tlv(0x17, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
const nameOf = (value: string) => sequence(tlv(0x31, sequence(hex('0603550403'), text(value))));
const extension = (oid: string, value: Uint8Array) => sequence(hex(oid), tlv(0x04, value));

const forms = { other: 0xa0, email: 0x81, uri: 0x86 } as const;
const userName = (value: Uint8Array) =>
  Buffer.concat([hex('060a2b0601040183bf300107'), tlv(0xa0, tlv(0x0c, value))]);

function generalName([form, value]: GeneralName): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return tlv(forms[form], form === 'other' ? userName(bytes) : bytes);
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

function certificate(
  {
    names = [],
    issuer = null,
    oldIssuer,
    keys = newKeys(),
    issued = new Date(),
    ...more
  }: CertificateContent,
  by: { readonly name: string; readonly key: KeyObject } | undefined,
): TestCertificate {
  const { isAuthority = false, name = 'leaf' } = more;
  const end = new Date(issued.getTime() + (isAuthority ? 365 * day : 600_000));
  const extensions = [
    ...(names.length > 0 ? [extension('0603551d11', sequence(...names.map(generalName)))] : []),
    extension('0603551d25', sequence(hex('06082b06010505070303'))),
    ...(isAuthority ? [extension('0603551d13', sequence(hex('0101ff')))] : []),
    ...(issuer === null ? [] : [extension('060a2b0601040183bf300108', text(issuer))]),
    ...(oldIssuer === undefined ? [] : [extension('060a2b0601040183bf300101', Buffer.from(oldIssuer))]),
  ];
  const algorithm = sequence(hex(ecdsaWithSha256));
  const tbs = sequence(
    tlv(0xa0, hex('020102')),
    hex('020107'),
    algorithm,
    nameOf(by?.name ?? name),
    sequence(time(issued), time(end)),
    nameOf(name),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const der = sequence(tbs, algorithm, bits(sign('sha256', tbs, by?.key ?? keys.privateKey)));
  return { der, pem: certificatePem(der), privateKey: keys.privateKey };
}

/** A new authority that exists since 30 days. */
export function createAuthority(name = 'authority'): TestAuthority {
  const issued = new Date(Date.now() - 30 * day);
  return authorityOf(certificate({ isAuthority: true, name, issued }, undefined), name, issued);
}

/** What issues in the name of a certificate, whether or not that allows it. */
export function authorityOf(own: TestCertificate, name = 'leaf', issued = new Date()): TestAuthority {
  return {
    certificate: own,
    trusted: {
      certChain: { certificates: [{ rawBytes: own.der.toString('base64') }] },
      validFor: { start: issued.toISOString() },
    },
    issue: (content) => certificate(content, { name, key: own.privateKey }),
  };
}
