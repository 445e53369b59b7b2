// New versions of documents: targets added, signed again, and the text in which a server takes them.
import type { Digest } from '../oci/digest.ts';
import { digestHex } from '../oci/digest.ts';
import { isJsonObject, type JsonObject } from '../oci/json.ts';
import { canonicalJson } from './canonical-json.ts';
import type { SignedMetadata } from './signed-metadata.ts';
import { type SigningKey, signBytes } from './signing-key.ts';
import { bareKeyId, type TrustKey } from './trust-key.ts';

/** What is signed: a tag and the manifest that it names. */
export interface Target {
  readonly name: string;
  readonly digest: Digest;
  /** The manifest's, in bytes. */
  readonly length: number;
}

const year = 365 * 24 * 60 * 60 * 1000;

/** How long documents are in force, in milliseconds, as Notary's NotaryDefaultExpiries. */
export const expiry = { root: 10 * year, targets: 3 * year } as const;

/** A document with its next version and a new end: `lifetime` from `now`, in milliseconds. */
export function renewed(signed: JsonObject, now: number, lifetime: number): JsonObject {
  const { version } = signed;
  return {
    ...signed,
    version: (typeof version === 'number' ? version : 0) + 1,
    // Whole seconds: the server writes the time again, and Go drops zeros at the end of a fraction.
    expires: new Date(now + lifetime).toISOString().replace(/\.\d+/, ''),
  };
}

/** A targets document that lists nothing. */
export function emptyTargets(): JsonObject {
  return { _type: 'Targets', version: 0, targets: {}, delegations: { keys: {}, roles: [] } };
}

/** A targets document that lists these too; one of the same name is replaced. */
export function withTargets(signed: JsonObject, targets: readonly Target[]): JsonObject {
  const added = targets.map(({ name, digest, length }) => {
    const sha256 = Buffer.from(digestHex(digest), 'hex').toString('base64');
    return [name, { hashes: { sha256 }, length }] as const;
  });
  const before = isJsonObject(signed.targets) ? signed.targets : {};
  return { ...signed, targets: { ...before, ...Object.fromEntries(added) } };
}

/** The key among `held` that stands for one of these listed keys, and the id that it is listed by. */
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

/** Signs a document by a key under the id by which it is listed. */
export function signMetadata(signed: JsonObject, id: string, key: SigningKey): SignedMetadata {
  return { signed, signatures: [signBytes(key, id, Buffer.from(canonicalJson(signed)))] };
}

/** The bytes of a document exactly as the server writes it when it computes the checksum for its snapshot. */
export function encodeMetadata({ signed, signatures }: SignedMetadata): Buffer {
  const list = signatures.map(
    ({ keyid, method, sig }) => `{"keyid":"${keyid}","method":"${method}","sig":"${sig}"}`,
  );
  const text = `{"signed":${canonicalJson(signed)},"signatures":[${list.join(',')}]}`;
  return Buffer.from(
    text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
