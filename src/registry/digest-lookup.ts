// Looks up the digest of a tag: by a HEAD where that is enough, because a GET counts as a pull.
import type { Digest } from '../oci/digest.ts';
import type { Session } from '../transport/session.ts';
import { getManifest, headManifest, isMissing } from './manifest-endpoint.ts';

/**
 * The digest of a tag or digest, undefined when the registry does not have it. A 404 for the HEAD is final; after a
 * response that is not reliable a GET follows, whose body is hashed.
 */
export async function lookUpDigest(session: Session, reference: string): Promise<Digest | undefined> {
  const head = await headManifest(session, reference);
  if (head.state === 'found') {
    return head.digest;
  }
  if (head.state === 'missing') {
    return undefined;
  }
  try {
    return (await getManifest(session, reference)).digest;
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}
