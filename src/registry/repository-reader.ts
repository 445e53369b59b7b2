// A repository as a content reader: manifests and indexes from the manifest endpoint, blobs from the blob endpoint.
import type { ContentReader } from '../content/content-graph.ts';
import { repositoryName } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { openLayer } from './layer-download.ts';
import { getListedManifest } from './manifest-endpoint.ts';

/** Reads the content of the session's repository. Content that a descriptor embeds is not requested. */
export function repositoryReader(session: Session): ContentReader {
  return {
    name: repositoryName(session.repository),
    repository: session.repository,
    document: ({ descriptor }) => getListedManifest(session, descriptor),
    open: ({ descriptor }) => openLayer(session, descriptor),
  };
}
