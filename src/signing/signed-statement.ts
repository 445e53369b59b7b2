// The statement in a sigstore bundle, once it is known who has signed it.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { parseDocument } from '../oci/document-json.ts';
import { encodedEnvelope, signedBytes, statementType } from './dsse-envelope.ts';
import { type ImageStatement, readStatement } from './image-statement.ts';
import { type Signer, signerOf, type TrustedSigners } from './signer.ts';
import { readBundle } from './sigstore-bundle.ts';

/** A statement, and who has signed it. */
export interface SignedStatement extends ImageStatement {
  readonly signer: Signer;
}

/** The statement in a bundle that one of those who are trusted has signed. Throws a UserError that says why there is none. */
export function signedStatement(content: Uint8Array, trusted: TrustedSigners): SignedStatement {
  const envelope = readBundle(content);
  // The envelope as it was read: another reader must not find another one in the document.
  const bundle = () => ({
    ...parseDocument(content, 'the bundle'),
    dsseEnvelope: encodedEnvelope(envelope),
  });
  const signer = signerOf({ bytes: signedBytes(envelope), signature: envelope.signature, bundle }, trusted);
  if (envelope.payloadType !== statementType) {
    throw new UserError('its payload is not an in-toto statement');
  }
  return { ...readStatement(envelope.payload), signer };
}

/** What a statement says of an image, or of another one when it does not name it. Throws a UserError when it names none. */
export function namedImage({ subjects }: ImageStatement, image: Digest): ImageStatement['subjects'][number] {
  const named = subjects.find(({ digest }) => digest === image) ?? subjects[0];
  if (!named) {
    throw new UserError('it names no image');
  }
  return named;
}
