// The certificate, log entry and timestamp of a legacy signature, which cosign keeps in annotations, as a sigstore bundle.
import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import { decodeBase64 } from './base64.ts';

/** The annotations of cosign (specs/SIGNATURE_SPEC.md); `dev.sigstore.cosign/chain` is not read: the trusted root has it. */
export const certificateAnnotation = 'dev.sigstore.cosign/certificate';
const entryAnnotation = 'dev.sigstore.cosign/bundle';
const timestampAnnotation = 'dev.sigstore.cosign/rfc3161timestamp';

/**
 * A bundle (version 0.1, whose entries need no inclusion proof) for a signature over a payload, by a key where there is no
 * certificate. Throws a UserError for annotations that are malformed.
 */
export function legacyBundle(
  payload: Uint8Array,
  signature: Uint8Array,
  annotations: Readonly<Record<string, string>>,
): JsonObject {
  const certificate = certificateIn(annotations[certificateAnnotation]);
  const entry = objectIn(annotations, entryAnnotation);
  const timestamp = objectIn(annotations, timestampAnnotation);
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      ...(certificate !== undefined
        ? { x509CertificateChain: { certificates: [{ rawBytes: certificate }] } }
        : { publicKey: { hint: '' } }),
      tlogEntries: entry ? [logEntry(entry)] : [],
      timestampVerificationData: {
        rfc3161Timestamps: timestamp ? [{ signedTimestamp: timestamp.SignedRFC3161Timestamp }] : [],
      },
    },
    messageSignature: {
      messageDigest: {
        algorithm: 'SHA2_256',
        digest: createHash('sha256').update(payload).digest('base64'),
      },
      signature: Buffer.from(signature).toString('base64'),
    },
  };
}

/** The first certificate in PEM, as base64; undefined without one. */
export function certificateIn(pem = ''): string | undefined {
  const [, body] = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(pem) ?? [];
  return body?.replace(/\s/g, '');
}

function objectIn(annotations: Readonly<Record<string, string>>, name: string): JsonObject | undefined {
  const text = annotations[name];
  if (text === undefined || text === '') {
    return undefined;
  }
  const value = parseJson(text);
  if (!isJsonObject(value)) {
    throw new UserError(`its annotation ${name} is not a JSON object`);
  }
  return value;
}

/** An entry of Rekor with its promise of inclusion, as a bundle has it. */
function logEntry({ SignedEntryTimestamp: promise, Payload: entry }: JsonObject): JsonObject {
  const { body, integratedTime, logIndex, logID } = isJsonObject(entry) ? entry : {};
  const document = parseJson(decodeBase64(body) ?? '');
  const { kind, apiVersion } = isJsonObject(document) ? document : {};
  const isEntry =
    typeof logID === 'string' &&
    typeof promise === 'string' &&
    Number.isSafeInteger(logIndex) &&
    Number.isSafeInteger(integratedTime);
  if (!isEntry) {
    throw new UserError(`its annotation ${entryAnnotation} is not an entry of a transparency log`);
  }
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: promise },
    canonicalizedBody: body,
  };
}
