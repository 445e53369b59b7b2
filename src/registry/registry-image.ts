// An image or index on a registry: its root, and the source of everything below it.
import { type ContentSource, contentKind, type GraphNode } from '../content/content-graph.ts';
import { graphSource } from '../content/graph-source.ts';
import { UserError } from '../errors.ts';
import { repositoryName } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { getManifest } from './manifest-endpoint.ts';
import { repositoryReader } from './repository-reader.ts';

/** A root that was read: the manifest or index, and the reader of what is below it. */
export interface ReadImage {
  readonly root: GraphNode;
  readonly bytes: Uint8Array;
  readonly source: ContentSource;
  readonly session: Session;
}

/**
 * Reads the root under a tag or digest. Nondistributable layers are left out. Throws a RegistryError, and a UserError for
 * what is neither an image nor an index.
 */
export async function readRegistryImage(session: Session, reference: string): Promise<ReadImage> {
  const served = await getManifest(session, reference);
  const { bytes, mediaType } = served;
  const kind = contentKind(mediaType);
  const name = `${repositoryName(session.repository)}@${served.digest}`;
  if (kind === 'blob') {
    throw new UserError(
      `${name} is neither an image nor an index: its media type is ${JSON.stringify(mediaType)}`,
    );
  }
  const root: GraphNode = { descriptor: { mediaType, size: bytes.length, digest: served.digest }, kind };
  const source = graphSource(repositoryReader(session), root, { foreign: 'skip', listedBlobs: 'refuse' });
  return { root, bytes, source, session };
}
