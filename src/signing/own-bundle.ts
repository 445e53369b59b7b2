// Whether a signer has signed the same statement about an image before: then nothing is added to its registry.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Session } from '../transport/session.ts';
import type { BundleSigner } from './bundle-signer.ts';
import { statementType } from './dsse-envelope.ts';
import { type ImageStatement, readStatement } from './image-statement.ts';
import { type BundleKind, storedBundles } from './stored-signatures.ts';

/** A statement, and what it says of the image. */
export type OwnStatement = Omit<ImageStatement, 'subjects'> & ImageStatement['subjects'][number];

/**
 * The manifest of a bundle in which the signer says the same about an image; undefined without one. What cannot be read or
 * was made by others is passed over. Throws what the registry said.
 */
export async function ownBundle(
  session: Session,
  subject: Digest,
  signer: BundleSigner,
  kind: BundleKind,
  isSame: (statement: OwnStatement) => boolean,
): Promise<Digest | undefined> {
  for await (const stored of storedBundles(session, subject, kind)) {
    if (!('reason' in stored) && (await ownStatements(stored.content, subject, signer)).some(isSame)) {
      return stored.manifest;
    }
  }
  return undefined;
}

async function ownStatements(
  bundle: Uint8Array,
  subject: Digest,
  signer: BundleSigner,
): Promise<readonly OwnStatement[]> {
  try {
    const envelope = await signer.ownEnvelope(bundle);
    if (envelope?.payloadType !== statementType) {
      return [];
    }
    const { subjects, ...statement } = readStatement(envelope.payload);
    return subjects.filter(({ digest }) => digest === subject).map((named) => ({ ...statement, ...named }));
  } catch (error) {
    if (error instanceof UserError) {
      return [];
    }
    throw error;
  }
}
