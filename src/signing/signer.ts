// Who has made a signature: one of the keys, or an identity by its certificate. Nothing of a document is read before that.
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../oci/json.ts';
import { quote } from '../policy/quote.ts';
import type { Identity } from './identity.ts';
import { isSignedBy, type PublicKey } from './public-key.ts';
import type { CertifiedSigner, TrustedRoot } from './trusted-root.ts';

/** Who has made a signature that counts. */
export type Signer = (
  | { readonly kind: 'key'; readonly key: PublicKey }
  | {
      readonly kind: 'identity';
      readonly issuer: string;
      readonly subject: string;
      /** That of the first identity which it is, in their list. */
      readonly position: number;
    }
) & {
  /** The earliest time at which the signature is proven to have existed, in milliseconds; undefined when there is no proof. */
  readonly signedAt: number | undefined;
};

/** Who is trusted. */
export interface TrustedSigners {
  readonly keys: readonly PublicKey[];
  readonly identities?: readonly Identity[];
  /** By which certificates and times are verified. */
  readonly root?: TrustedRoot | undefined;
  /** The latest time at which a signature may have been made, in milliseconds. */
  readonly signedBefore?: number | undefined;
}

/** A signature with what it is verified with. */
export interface SignedContent {
  /** What is signed. */
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** The sigstore bundle that it is, or amounts to. */
  bundle(): JsonObject;
  /** What the bundle signs when it has no envelope. */
  readonly payload?: Uint8Array;
}

/** What `threshold` counts: a key, or an entry of `identities`, however many signatures it has. */
export function signerId(signer: Signer): string {
  return signer.kind === 'key' ? signer.key.id : `identity ${signer.position}`;
}

/** For people: `key sha256:…`, or the subject of a certificate with its issuer. */
export function signerName(signer: Signer): string {
  return signer.kind === 'key' ? `key ${signer.key.id}` : `${quote(signer.subject)} (${signer.issuer})`;
}

/** The same with the time, where that is proven. */
export function describeSigner(signer: Signer): string {
  const { signedAt } = signer;
  return signerName(signer) + (signedAt === undefined ? '' : ` at ${timeText(signedAt)}`);
}

/** Who has made a signature. Throws a UserError unless it is one of those who are trusted, early enough. */
export function signerOf(content: SignedContent, trusted: TrustedSigners): Signer {
  const { keys, identities = [], root, signedBefore } = trusted;
  const key = keys.find((candidate) => isSignedBy(candidate, content.bytes, content.signature));
  if (key) {
    const signer = { kind: 'key', key } as const;
    return { ...signer, signedAt: root && timeOf(content, key, root, signedBefore) };
  }
  if (!root || identities.length === 0 || !hasCertificate(content.bundle())) {
    throw new UserError(
      keys.length > 0
        ? 'none of the keys has signed it, or it was altered'
        : 'it was made with a key, and not with the certificate of an identity',
    );
  }
  const certified = root.signerOf(content.bundle(), content.payload);
  const position = identities.findIndex((identity) => isIdentity(certified, identity));
  const { issuer, subject, signedAt } = certified;
  if (position < 0) {
    throw new UserError(
      `it is signed by ${quote(subject)} (${quote(issuer)}), who is none of the identities`,
    );
  }
  requireBefore(signedAt, signedBefore);
  return { kind: 'identity', issuer, subject, position, signedAt };
}

function isIdentity(certified: CertifiedSigner, { issuer, isSubject }: Identity): boolean {
  return certified.issuer === issuer && isSubject(certified.subject);
}

function hasCertificate({ verificationMaterial: material }: JsonObject): boolean {
  return (
    isJsonObject(material) &&
    (isJsonObject(material.certificate) || isJsonObject(material.x509CertificateChain))
  );
}

/** A signature by a key needs no time, unless it must be made before one. */
function timeOf(
  content: SignedContent,
  key: PublicKey,
  root: TrustedRoot,
  signedBefore: number | undefined,
): number | undefined {
  try {
    const signedAt = root.timeOf(content.bundle(), key, content.payload);
    requireBefore(signedAt, signedBefore);
    return signedAt;
  } catch (error) {
    if (error instanceof UserError && signedBefore === undefined) {
      return undefined;
    }
    throw error;
  }
}

function requireBefore(signedAt: number, signedBefore: number | undefined): void {
  if (signedBefore !== undefined && signedAt > signedBefore) {
    throw new UserError(`it was signed at ${timeText(signedAt)}, which is not long enough ago`);
  }
}

/** A time for people, in seconds: `2026-11-28T01:02:03Z`. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
