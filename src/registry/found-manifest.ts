// A manifest that may not exist: that a registry does not have it is an answer and no failure.

import type { Session } from '../transport/session.ts';
import { getManifest, isMissing, type ServedManifest } from './manifest-endpoint.ts';

/** As {@link getManifest}; undefined for a tag or digest that the registry does not have. */
export async function findManifest(session: Session, reference: string): Promise<ServedManifest | undefined> {
  try {
    return await getManifest(session, reference);
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}
