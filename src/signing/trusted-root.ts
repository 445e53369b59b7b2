// A trusted root: the authorities whose certificates, log entries and timestamps count, and verification by them.
import { createReadStream } from 'node:fs';
import { isAbsolute } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { errorCode, errorText, systemReason, UserError } from '../errors.ts';
import { maximumMaterial, maximumProofs, maximumTrustedRoot } from '../limits.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import { type CertificateNames, certificateNames } from './certificate-names.ts';
import type { PublicKey } from './public-key.ts';
import { requireKnownMembers } from './root-document.ts';

type Library = typeof import('./sigstore-sdk.ts');

/** Whose certificate a signature was made with. */
export interface CertifiedSigner extends CertificateNames {
  /** The earliest time at which the signature is proven to have existed, in milliseconds. */
  readonly signedAt: number;
}

/** The authorities that are trusted. */
export interface TrustedRoot {
  /**
   * Verifies a bundle with a certificate: the signature (over `payload`, unless the bundle has an envelope), the certificate
   * and its entry in a log of certificates, the entry in a transparency log, and that the certificate was valid at the time
   * that an entry or a timestamp proves. A part that the root has no authority for is not required. Throws a UserError.
   */
  signerOf(bundle: JsonObject, payload?: Uint8Array): CertifiedSigner;
  /**
   * The earliest time that an entry or a timestamp in a bundle proves, whose signature was verified by a key before, in
   * milliseconds. Throws a UserError when there is none, or when one of them is not verified.
   */
  timeOf(bundle: JsonObject, key: PublicKey, payload?: Uint8Array): number;
}

const mediaTypes: readonly unknown[] = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot+json;version=0.2',
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];

/** The extended key usage (RFC 5280, section 4.2.1.12), and its value for the signing of code. */
const extendedKeyUsage = '2.5.29.37';
const codeSigning = '1.3.6.1.5.5.7.3.3';

/**
 * Opens `trusted_root`: a JSON document (sigstore_trustroot.proto), or the absolute path of one. Throws a UserError that
 * begins with `where`.
 */
export async function openTrustedRoot(setting: string, where: string): Promise<TrustedRoot> {
  const text = setting.trimStart().startsWith('{') ? setting : await readRoot(setting, where);
  const document = parseJson(text);
  if (!isJsonObject(document) || !mediaTypes.includes(document.mediaType)) {
    throw new UserError(`${where} is not a trusted root of sigstore`, {
      hint: 'it is a JSON document with the mediaType application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    });
  }
  const library = await import('./sigstore-sdk.ts');
  try {
    return trustedRoot(library, document);
  } catch (cause) {
    throw new UserError(`${where} cannot be used: ${reasonOf(cause)}`);
  }
}

async function readRoot(path: string, where: string): Promise<string> {
  if (!isAbsolute(path)) {
    throw new UserError(`${where} is neither a JSON document nor an absolute path`, {
      hint: 'set it to the content of a trusted_root.json, or to the path of one that starts with "/"',
    });
  }
  try {
    // A device has no end, and no size that is known before.
    const bytes = await buffer(createReadStream(path, { end: maximumTrustedRoot }));
    if (bytes.length > maximumTrustedRoot) {
      throw new UserError(
        `${where} ${JSON.stringify(path)} is too large: it has more than ${maximumTrustedRoot} bytes`,
      );
    }
    return bytes.toString();
  } catch (error) {
    throw error instanceof UserError
      ? error
      : new UserError(`${where} ${JSON.stringify(path)} cannot be read: ${systemReason(error)}`);
  }
}

function trustedRoot(library: Library, document: JsonObject): TrustedRoot {
  const { bundleFromJSON, toSignedEntity, toTrustMaterial, TrustedRoot: Root, Verifier } = library;
  requireKnownMembers(document);
  const authorities = Root.fromJSON(document);
  const { certificateAuthorities, tlogs, ctlogs, timestampAuthorities } = authorities;
  if (certificateAuthorities.length === 0) {
    throw new UserError('it has no certificate authority');
  }
  if (tlogs.length === 0 && timestampAuthorities.length === 0) {
    throw new UserError('it has neither a transparency log nor a timestamp authority');
  }
  const material = toTrustMaterial(authorities);
  const byCertificate = new Verifier(material, {
    ctlogThreshold: Math.min(ctlogs.length, 1),
    tlogThreshold: Math.min(tlogs.length, 1),
    timestampThreshold: 1,
  });
  const entityOf = (bundle: JsonObject, payload?: Uint8Array) => {
    requireSmall(bundle);
    return toSignedEntity(bundleFromJSON(bundle), payload && Buffer.from(payload));
  };
  return {
    signerOf: (bundle, payload) =>
      verifying(() => {
        const entity = entityOf(bundle, payload);
        byCertificate.verify(entity);
        if (entity.key.$case !== 'certificate') {
          throw new UserError('it was made with a key, and not with the certificate of an identity');
        }
        const { certificate } = entity.key;
        if (!isForCode(certificate)) {
          throw new UserError('its certificate is not one to sign code with');
        }
        const signedAt = earliest(entity);
        requireValidLogs(entity, material.tlogs, signedAt);
        return { ...certificateNames(certificate), signedAt };
      }),
    timeOf: (bundle, { key }, payload) =>
      verifying(() => {
        const entity = entityOf(bundle, payload);
        const publicKey = () => ({ publicKey: key, validFor: () => true });
        const { signature } = entity;
        new Verifier(
          { ...material, publicKey },
          { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 1 },
        ).verify({
          ...entity,
          key: { $case: 'public-key', hint: '' },
          signature: {
            signature: signature.signature,
            compareSignature: (other) => signature.compareSignature(other),
            compareDigest: (digest) => signature.compareDigest(digest),
            compareSignedDigest: (digest) => signature.compareSignedDigest(digest),
            verifySignature: () => true,
          },
        });
        return earliest(entity);
      }),
  };
}

type Entity = ReturnType<Library['toSignedEntity']>;
type Log = ReturnType<Library['toTrustMaterial']>['tlogs'][number];

/** The earliest of the times in an entity whose timestamps and entries were verified. */
function earliest({ timestamps }: Entity): number {
  const times = timestamps.flatMap((each) => {
    if (each.$case === 'timestamp-authority') {
      return [each.timestamp.signingTime.getTime()];
    }
    // Without a promise, which the log has signed, anybody may have written the time.
    return each.tlogEntry.inclusionPromise ? [Number(each.tlogEntry.integratedTime) * 1000] : [];
  });
  return Math.min(...times);
}

/**
 * What verifies a signature is read before anything of it is verified, in part in time that grows with the square of its size.
 * sigstore's Go library reads no more than 32 entries and timestamps, too.
 */
function requireSmall({ verificationMaterial: material }: JsonObject): void {
  const { tlogEntries, timestampVerificationData } = isJsonObject(material) ? material : {};
  const { rfc3161Timestamps } = isJsonObject(timestampVerificationData) ? timestampVerificationData : {};
  const isLong = [tlogEntries, rfc3161Timestamps].some(
    (list) => Array.isArray(list) && list.length > maximumProofs,
  );
  if (isLong || JSON.stringify(material ?? null).length > maximumMaterial) {
    throw new UserError('its certificate, log entries and timestamps are too many or too large');
  }
}

/**
 * Of an entry whose inclusion is proven without a promise, which has no time of its own, the library does not ask whether the
 * key of the log was still valid.
 */
function requireValidLogs({ tlogEntries }: Entity, logs: readonly Log[], time: number): void {
  for (const { logId, inclusionPromise } of tlogEntries) {
    const isValid = logs.some(
      ({ logID, validFor }) =>
        logID.equals(logId.keyId) && validFor.start.getTime() <= time && time <= validFor.end.getTime(),
    );
    if (!inclusionPromise && !isValid) {
      throw new UserError('the key of the log that has its entry was not valid at that time');
    }
  }
}

/** The certificate of an authority is none of somebody who signs. */
function isForCode(certificate: InstanceType<Library['X509Certificate']>): boolean {
  const usages = certificate.extension(extendedKeyUsage)?.valueObj.subs[0]?.subs ?? [];
  return usages.some((usage) => usage.toOID() === codeSigning) && !certificate.isCA;
}

/** Whatever the library throws for foreign content means that it is not verified. */
function verifying<Value>(action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw new UserError(reasonOf(error));
  }
}

/** What the library says where it counts. */
const counts: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^expected \d+ timestamps/, 'neither a log entry nor a timestamp proves when it was signed'],
  [/^expected \d+ tlog entries/, 'it has no entry in a transparency log'],
  [/^expected \d+ SCTs/, 'its certificate has no proof of a log of certificates'],
  [
    /^Failed to verify certificate chain: certificate is not valid/,
    'its certificate was not valid at that time',
  ],
  [
    /^Failed to verify certificate chain/,
    'its certificate is from no authority that the trusted root had at that time',
  ],
];

/** Why the library does not accept something. Its own errors have a code; others come from content that it cannot parse. */
function reasonOf(error: unknown): string {
  if (error instanceof UserError) {
    return errorText(error);
  }
  const isOwn = errorCode(error) !== '' || (error instanceof Error && error.name === 'ValidationError');
  const text = errorText(error);
  const [, reason] = counts.find(([pattern]) => pattern.test(text)) ?? [];
  return reason ?? `sigstore's library says: ${isOwn ? text : `malformed content (${text})`}`;
}
