// Signed metadata of The Update Framework (TUF): parsing, signatures, type, version and expiry.
import { isUtf8 } from 'node:buffer';
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import { canonicalJson } from './canonical-json.ts';
import { isSignedBy, keyId, readTrustKey, type Signature, type TrustKey } from './trust-key.ts';

/** Metadata and the signatures over its canonical form. */
export interface SignedMetadata {
  readonly signed: JsonObject;
  readonly signatures: readonly Signature[];
}

/** The keys whose signatures make metadata valid, and how many are needed. */
export interface SigningRole {
  readonly keys: ReadonlyMap<string, TrustKey>;
  readonly threshold: number;
}

/** What is verified in addition to signatures. */
export interface MetadataRules {
  /** The `_type` of the metadata, in any letter case. */
  readonly type: string;
  /** The current time in milliseconds. */
  readonly now: number;
  /** The version seen before; a lower one would be a rollback attack. */
  readonly atLeast: number;
}

/** Parses the metadata of a role. Throws a UserError when it is malformed. */
export function parseMetadata(bytes: Uint8Array, role: string): SignedMetadata {
  const value = isUtf8(bytes) ? parseJson(bytes) : undefined;
  if (value === undefined) {
    throw untrusted(role, 'it is not JSON');
  }
  if (!isJsonObject(value) || !isJsonObject(value.signed) || !Array.isArray(value.signatures)) {
    throw untrusted(role, 'it is not a signed document');
  }
  const signatures = value.signatures.map((item: unknown) => {
    const { keyid, method, sig } = isJsonObject(item) ? item : {};
    if (typeof keyid !== 'string' || typeof method !== 'string' || typeof sig !== 'string') {
      throw untrusted(role, 'it has a malformed signature');
    }
    return { keyid, method, sig };
  });
  return { signed: value.signed, signatures };
}

/**
 * Verifies signatures, type, version and expiry in the order of the TUF specification 1.0, section 5 ("Detailed client
 * workflow"). Throws a UserError that says which of them fails.
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
    throw untrusted(role, `its type is not ${rules.type}`);
  }
  const version = versionOf(metadata, role);
  if (version < rules.atLeast) {
    throw untrusted(role, `version ${version} is older than version ${rules.atLeast}, which was seen before`);
  }
  const until = typeof expires === 'string' ? expiryTime(expires) : Number.NaN;
  if (Number.isNaN(until)) {
    throw untrusted(role, 'it does not say when it expires');
  }
  if (until <= rules.now) {
    throw new UserError(`the ${role} metadata expired on ${new Date(until).toISOString()}`, {
      hint: 'expired metadata cannot be trusted: sign it again with its key (notary publish), or check the clock of {here}',
    });
  }
}

/** Verifies that enough of the keys signed. Throws a UserError otherwise. */
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
    throw untrusted(
      role,
      `it has ${valid.size} valid signature(s) of the ${signers.threshold} that it needs`,
    );
  }
}

/** The version of metadata, at least 1. Throws a UserError when it has none. */
export function versionOf({ signed }: SignedMetadata, role: string): number {
  const { version } = signed;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
    throw untrusted(role, 'it has no version');
  }
  return version;
}

/** A time as Go writes it (RFC 3339, up to nanoseconds) in milliseconds; NaN when it is malformed. */
export function expiryTime(time: string): number {
  return Date.parse(time.replace(/\.\d+/, ''));
}

/** A role with the keys that it lists by id (`keyids`, `threshold`) among `keys`. Throws a UserError when malformed. */
export function readSigningRole(value: unknown, keys: unknown, role: string): SigningRole {
  const { keyids, threshold } = isJsonObject(value) ? value : {};
  const list = Array.isArray(keyids) ? keyids : [];
  const found = new Map<string, TrustKey>();
  for (const id of list) {
    const key = isJsonObject(keys) && typeof id === 'string' ? readTrustKey(keys[id]) : undefined;
    if (typeof id !== 'string' || !key) {
      throw untrusted(role, 'its role names a key that is not listed');
    }
    found.set(id, key);
  }
  if (typeof threshold !== 'number' || !Number.isSafeInteger(threshold) || threshold < 1) {
    throw untrusted(role, 'its role has no threshold');
  }
  return { keys: found, threshold };
}

/** The error about metadata that must not be trusted. */
export function untrusted(role: string, reason: string): UserError {
  return new UserError(`the ${role} metadata cannot be trusted: ${reason}`, {
    hint: 'nothing was signed; ask the operator of the notary server, and do not delete metadata to get past this',
  });
}
