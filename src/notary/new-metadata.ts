// New versions of TUF metadata: targets added, signed, and encoded as the server does.
import type { Digest } from '../oci/digest.ts';
import { digestHex } from '../oci/digest.ts';
import { isJsonObject, type JsonObject } from '../oci/json.ts';
import { canonicalJson } from './canonical-json.ts';
import type { SignedMetadata } from './signed-metadata.ts';
import { type SigningKey, signBytes } from './signing-key.ts';
import { bareKeyId, type TrustKey } from './trust-key.ts';

/** A signed target: a tag and the manifest that it points at. */
export interface Target {
  readonly name: string;
  readonly digest: Digest;
  /** The size of the manifest in bytes. */
  readonly length: number;
}

const year = 365 * 24 * 60 * 60 * 1000;

/** How long metadata is valid, in milliseconds, as Notary's NotaryDefaultExpiries. */
export const expiry = { root: 10 * year, targets: 3 * year } as const;

/** The metadata with its next version and a new expiry, `lifetime` after `now`, in milliseconds. */
export function renewed(signed: JsonObject, now: number, lifetime: number): JsonObject {
  const { version } = signed;
  return {
    ...signed,
    version: (typeof version === 'number' ? version : 0) + 1,
    // Whole seconds: the server encodes the time again, and Go drops zeros at the end of a fraction.
    expires: new Date(now + lifetime).toISOString().replace(/\.\d+/, ''),
  };
}

/** Targets metadata without targets. */
export function emptyTargets(): JsonObject {
  return { _type: 'Targets', version: 0, targets: {}, delegations: { keys: {}, roles: [] } };
}

/** Targets metadata with these targets added; a target of the same name is replaced. */
export function withTargets(signed: JsonObject, targets: readonly Target[]): JsonObject {
  const added = targets.map(({ name, digest, length }) => {
    const sha256 = Buffer.from(digestHex(digest), 'hex').toString('base64');
    return [name, { hashes: { sha256 }, length }] as const;
  });
  const before = isJsonObject(signed.targets) ? signed.targets : {};
  return { ...signed, targets: { ...before, ...Object.fromEntries(added) } };
}

/** The private key among `held` that belongs to one of the listed public keys, and the id of that one. */
export function heldKey(
  listed: ReadonlyMap<string, TrustKey>,
  held: readonly SigningKey[],
): { readonly id: string; readonly key: SigningKey } | undefined {
  for (const [id, publicKey] of listed) {
    const bare = bareKeyId(publicKey);
    const key = held.find((candidate) => candidate.id === bare);
    if (key) {
      return { id, key };
    }
  }
  return undefined;
}

/** Signs metadata with a key, under the id by which the metadata lists it. */
export function signMetadata(signed: JsonObject, id: string, key: SigningKey): SignedMetadata {
  return { signed, signatures: [signBytes(key, id, Buffer.from(canonicalJson(signed)))] };
}

/** Encodes metadata exactly as the server does when it computes the checksum for its snapshot. */
export function encodeMetadata({ signed, signatures }: SignedMetadata): Buffer {
  const list = signatures.map(
    ({ keyid, method, sig }) => `{"keyid":"${keyid}","method":"${method}","sig":"${sig}"}`,
  );
  const text = `{"signed":${canonicalJson(signed)},"signatures":[${list.join(',')}]}`;
  return Buffer.from(
    text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
