// In-toto statements about images: what is claimed (the predicate) of which digests (in-toto Attestation Framework, v1).
import { UserError } from '../errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { parseDocument } from '../oci/document-json.ts';
import { isJsonObject, type JsonObject } from '../oci/json.ts';

/** A statement. */
export interface ImageStatement {
  readonly predicateType: string;
  /** What is claimed, in JSON. */
  readonly predicate: unknown;
  readonly subjects: readonly { readonly digest: Digest; readonly annotations: JsonObject }[];
}

/** The predicate type of cosign's signatures: the statement says that the image is signed, and nothing else. */
export const signaturePredicate = 'https://sigstore.dev/cosign/sign/v1';

/** The type of statements that are made. */
export const currentStatement = 'https://in-toto.io/Statement/v1';

const statementTypes: readonly unknown[] = [currentStatement, 'https://in-toto.io/Statement/v0.1'];

/** The statement in the payload of an envelope; subjects without a SHA-256 are left out. Throws a UserError. */
export function readStatement(payload: Uint8Array): ImageStatement {
  const { _type, predicateType, predicate, subject } = parseDocument(payload, 'the statement');
  if (!statementTypes.includes(_type) || typeof predicateType !== 'string' || !Array.isArray(subject)) {
    throw new UserError('it is not an in-toto statement');
  }
  const subjects = subject.flatMap((item: unknown) => {
    const { digest, annotations } = isJsonObject(item) ? item : {};
    const hex = isJsonObject(digest) ? digest.sha256 : undefined;
    const named = typeof hex === 'string' ? `sha256:${hex}` : '';
    return isDigest(named)
      ? [{ digest: named, annotations: isJsonObject(annotations) ? annotations : {} }]
      : [];
  });
  return { predicateType, predicate, subjects };
}
