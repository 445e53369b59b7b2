// Whom a certificate names: who vouches for the subject (Fulcio's extensions), and the subject (RFC 5280, section 4.2.1.6).
import type { X509Certificate } from '@sigstore/core';
import { UserError } from '../errors.ts';

/** Who a certificate was issued to. */
export interface CertificateNames {
  /** The OpenID provider; empty when the certificate names none. */
  readonly issuer: string;
  readonly subject: string;
}

const alternativeName = '2.5.29.17';
// In the older one the text stands as it is, in the newer one as a UTF8String (github.com/sigstore/fulcio, docs/oid-info.md).
const oldIssuer = '1.3.6.1.4.1.57264.1.1';
const newIssuer = '1.3.6.1.4.1.57264.1.8';
const uri = 0x06;
const email = 0x01;

/**
 * The names of a certificate: its first URI, or without one its first e-mail address. Throws a UserError when it has neither,
 * because nobody is named whom a pattern could be meant for; and for a name that is not ASCII, which these are defined to be.
 */
export function certificateNames(certificate: X509Certificate): CertificateNames {
  const issuer =
    certificate.extension(newIssuer)?.valueObj.subs[0]?.value ?? certificate.extension(oldIssuer)?.value;
  const names = certificate.extension(alternativeName)?.valueObj.subs[0]?.subs ?? [];
  const subject = [uri, email]
    .flatMap((form) => names.find(({ tag }) => tag.isContextSpecific(form))?.value ?? [])
    .find(({ length }) => length > 0);
  if (!subject) {
    throw new UserError('its certificate names neither a URI nor an e-mail address');
  }
  return { issuer: issuer ? ascii(issuer) : '', subject: ascii(subject) };
}

/** The library would clear the highest bit of each byte, so that other bytes read as the name of somebody who is trusted. */
function ascii(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) {
    throw new UserError('its certificate has a name that is not ASCII');
  }
  return Buffer.from(bytes).toString('latin1');
}
