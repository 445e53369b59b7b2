// Signed metadata of The Update Framework: the envelope, who must have signed it, and whether it is still in force.
import { isUtf8 } from 'node:buffer';
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import { canonicalJson } from './canonical-json.ts';
import { isSignedBy, keyId, readTrustKey, type Signature, type TrustKey } from './trust-key.ts';

/** A document and the signatures over its canonical form. */
export interface SignedMetadata {
  readonly signed: JsonObject;
  readonly signatures: readonly Signature[];
}

/** Whose signatures make a document valid, and how many of them. */
export interface SigningRole {
  readonly keys: ReadonlyMap<string, TrustKey>;
  readonly threshold: number;
}

/** What a document must be beside signed. */
export interface MetadataRules {
  /** The `_type` in the document, whatever its case. */
  readonly type: string;
  /** Milliseconds. */
  readonly now: number;
  /** The version seen before; a lower one would be a replay. */
  readonly atLeast: number;
}

/** Reads the bytes of a document of this role; throws a UserError when they are none. */
export function parseMetadata(bytes: Uint8Array, role: string): SignedMetadata {
  const value = isUtf8(bytes) ? parseJson(bytes) : undefined;
  if (value === undefined) {
    throw invalid(role, 'it is not JSON');
  }
  if (!isJsonObject(value) || !isJsonObject(value.signed) || !Array.isArray(value.signatures)) {
    throw invalid(role, 'it is no signed document');
  }
  const signatures = value.signatures.map((item: unknown) => {
    const { keyid, method, sig } = isJsonObject(item) ? item : {};
    if (typeof keyid !== 'string' || typeof method !== 'string' || typeof sig !== 'string') {
      throw invalid(role, 'it has a malformed signature');
    }
    return { keyid, method, sig };
  });
  return { signed: value.signed, signatures };
}

/**
 * Checks signatures, type, version and expiry in the order of the TUF specification 1.0, section 5 ("Detailed client
 * workflow"); throws a UserError that says which of them fails.
 */
export function verifyMetadata(
  metadata: SignedMetadata,
  role: string,
  signers: SigningRole,
  rules: MetadataRules,
): void {
  verifySignatures(metadata, role, signers);
  const { _type: type, expires } = metadata.signed;
  if (typeof type !== 'string' || type.toLowerCase() !== rules.type) {
    throw invalid(role, `its type is not ${rules.type}`);
  }
  const version = versionOf(metadata, role);
  if (version < rules.atLeast) {
    throw invalid(role, `version ${version} is older than version ${rules.atLeast}, which was seen before`);
  }
  const until = typeof expires === 'string' ? expiryTime(expires) : Number.NaN;
  if (Number.isNaN(until)) {
    throw invalid(role, 'it does not say when it expires');
  }
  if (until <= rules.now) {
    throw new UserError(`the ${role} metadata expired on ${new Date(until).toISOString()}`, {
      hint: 'nothing can be trusted on expired metadata: whoever holds its key must sign it again (notary publish), or check the clock of the worker',
    });
  }
}

/** Whether enough of the keys signed; throws a UserError otherwise. */
export function verifySignatures(metadata: SignedMetadata, role: string, signers: SigningRole): void {
  const bytes = Buffer.from(canonicalJson(metadata.signed));
  const valid = new Set<string>();
  for (const signature of metadata.signatures) {
    const key = signers.keys.get(signature.keyid);
    if (key && keyId(key) === signature.keyid && isSignedBy(key, signature, bytes)) {
      valid.add(signature.keyid);
    }
  }
  if (signers.threshold < 1 || valid.size < signers.threshold) {
    throw invalid(role, `it has ${valid.size} valid signature(s) of the ${signers.threshold} that it needs`);
  }
}

/** The version of a document, at least 1. */
export function versionOf({ signed }: SignedMetadata, role: string): number {
  const { version } = signed;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
    throw invalid(role, 'it has no version');
  }
  return version;
}

/** A time as Go writes it (RFC 3339, up to nanoseconds) in milliseconds; NaN when it is none. */
export function expiryTime(text: string): number {
  return Date.parse(text.replace(/\.\d+/, ''));
}

/** The role that names its keys by id (`keyids`, `threshold`) out of a list of keys (`keys`). */
export function readSigningRole(value: unknown, keys: unknown, role: string): SigningRole {
  const { keyids, threshold } = isJsonObject(value) ? value : {};
  const list = Array.isArray(keyids) ? keyids : [];
  const found = new Map<string, TrustKey>();
  for (const id of list) {
    const key = isJsonObject(keys) && typeof id === 'string' ? readTrustKey(keys[id]) : undefined;
    if (typeof id !== 'string' || !key) {
      throw invalid(role, 'its role names a key that is not listed');
    }
    found.set(id, key);
  }
  if (typeof threshold !== 'number' || !Number.isSafeInteger(threshold) || threshold < 1) {
    throw invalid(role, 'its role has no threshold');
  }
  return { keys: found, threshold };
}

/** What is told of metadata that must not be trusted. */
export function invalid(role: string, reason: string): UserError {
  return new UserError(`the ${role} metadata cannot be trusted: ${reason}`, {
    hint: 'nothing was signed; ask whoever runs the notary server, and do not delete metadata to make it pass',
  });
}
