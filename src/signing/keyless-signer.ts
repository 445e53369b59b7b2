// Signs without a key: with one that Fulcio certifies for an identity, and that is forgotten when the command ends.
import { type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import { isJsonObject, type JsonValue, parseJson } from '../oci/json.ts';
import { decodeBase64 } from './base64.ts';
import type { BundleSigner } from './bundle-signer.ts';
import { type Envelope, signedBytes } from './dsse-envelope.ts';
import { type CertifiedKey, certifiedKey } from './fulcio.ts';
import { fetchToken } from './identity-token.ts';
import type { KeylessSettings } from './keyless-settings.ts';
import { logEnvelope } from './rekor.ts';
import type { ServiceAccess } from './service-request.ts';
import { readBundle } from './sigstore-bundle.ts';
import { timestampFor } from './timestamp.ts';

/** How the service at a URL is reached. */
export type Services = (url: string) => ServiceAccess;

/** What a signer without a key uses. */
export interface KeylessSurroundings {
  addSecret(secret: string): void;
  /** Milliseconds. */
  now(): number;
}

/** How long a certificate must still be valid to sign with it, in milliseconds: log and timestamp come after it. */
const reserve = 60_000;

interface Certified extends CertifiedKey {
  readonly issuer: string;
}

/** A signer for settings that were read. Asks the services when it signs first, or looks for signatures of its own. */
export function keylessSigner(
  { fulcio, rekor, timestamp, source }: KeylessSettings,
  services: Services,
  { addSecret, now }: KeylessSurroundings,
): BundleSigner {
  let latest: Promise<Certified> | undefined;
  let name = 'an identity';

  const certify = async (): Promise<Certified> => {
    const at = source.kind === 'endpoint' ? source.url : fulcio;
    const token = await fetchToken(source, services(at), addSecret, now());
    const key = await certifiedKey(fulcio, token, services(fulcio));
    name = `${subjectName(key.certificate)} (${token.issuer})`;
    return { ...key, issuer: token.issuer };
  };
  const certified = async (): Promise<Certified> => {
    const earlier = latest;
    const known = await earlier;
    if (known && Date.parse(known.certificate.validTo) - reserve > now()) {
      return known;
    }
    // Many images may be signed at once: the first one that finds no certificate asks for all of them.
    const next = latest !== undefined && latest !== earlier ? latest : certify();
    latest = next;
    next.catch(() => {
      latest = undefined;
    });
    return await next;
  };

  return {
    get name() {
      return name;
    },
    async sign(unsigned) {
      const { privateKey, certificate } = await certified();
      const signature = sign('sha256', signedBytes(unsigned), privateKey);
      const stamp =
        timestamp === undefined ? undefined : await timestampFor(timestamp, signature, services(timestamp));
      const entry =
        rekor === undefined
          ? undefined
          : await logEnvelope(rekor, { ...unsigned, signature }, certificate.toString(), services(rekor));
      const material: JsonValue = {
        certificate: { rawBytes: certificate.raw.toString('base64') },
        tlogEntries: entry === undefined ? [] : [entry],
        ...(stamp && {
          timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: stamp.toString('base64') }] },
        }),
      };
      return { signature, material };
    },
    async ownEnvelope(bundle) {
      const envelope = readBundle(bundle);
      const { certificate: stored, isLogged, isStamped } = materialIn(bundle);
      if (!stored || (rekor !== undefined && !isLogged) || (timestamp !== undefined && !isStamped)) {
        return undefined;
      }
      const own = await certified();
      return isSameIdentity(stored, own) && isSignedWith(stored.publicKey, envelope) ? envelope : undefined;
    },
  };
}

/** Whether the authority that has certified this signer certified the same identity by another certificate. */
function isSameIdentity(stored: X509Certificate, { certificate, authority, issuer }: Certified): boolean {
  return (
    stored.subjectAltName !== undefined &&
    stored.subjectAltName === certificate.subjectAltName &&
    namesIssuer(stored, issuer) &&
    stored.verify(authority.publicKey)
  );
}

/** Whether the extension of Fulcio for the issuer of a token (1.3.6.1.4.1.57264.1.8, a UTF8String in DER) is this one. */
function namesIssuer({ raw }: X509Certificate, issuer: string): boolean {
  const id = Buffer.from('060a2b0601040183bf300108', 'hex');
  return raw.includes(Buffer.concat([id, der(0x04, der(0x0c, Buffer.from(issuer)))]));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function isSignedWith(key: KeyObject, envelope: Envelope): boolean {
  try {
    return verify('sha256', signedBytes(envelope), key, envelope.signature);
  } catch {
    // Not even the encoding of a signature.
    return false;
  }
}

/** What a bundle has to verify its signature with; nothing of it is verified here. */
function materialIn(bundle: Uint8Array) {
  const document = parseJson(bundle);
  const material = isJsonObject(document) ? document.verificationMaterial : undefined;
  const { certificate, tlogEntries, timestampVerificationData } = isJsonObject(material) ? material : {};
  return {
    certificate: certificateFrom(isJsonObject(certificate) ? decodeBase64(certificate.rawBytes) : undefined),
    isLogged: Array.isArray(tlogEntries) && tlogEntries.length > 0,
    isStamped: isJsonObject(timestampVerificationData),
  };
}

function certificateFrom(bytes: Buffer | undefined): X509Certificate | undefined {
  try {
    return bytes && new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

/** `URI:https://…` without its kind. */
function subjectName({ subjectAltName = '' }: X509Certificate): string {
  return subjectAltName.replace(/^\w+:/, '');
}
