// Which digest does a tag point at? A HEAD where that is enough, since a GET counts as a pull.
import type { Digest } from '../oci/digest.ts';
import type { Session } from '../transport/session.ts';
import { getManifest, headManifest, isMissing } from './manifest-endpoint.ts';

/**
 * The digest behind a tag or digest, or nothing when the registry does not have it. A definite 404 to the HEAD is
 * final; an answer that can't be relied on is followed by a GET, whose body is hashed.
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
