// What a put needs of its image, whichever kind it is: opened before any traffic as far as that goes, read after it.
import type { RepositoryAccess } from '../access/repositories.ts';
import type { ContentSource, TaggedTarget } from '../content/content-graph.ts';
import type { Log } from '../log.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import type { CopyOptions } from '../transfer/copy.ts';
import type { Progress } from '../transfer/progress.ts';
import type { Session } from '../transport/session.ts';
import type { SourceReader } from './source-reader.ts';

/** The image, as a source of content. */
export interface OpenedImage {
  readonly source: ContentSource;
  /** The repository that it is promoted from, and a session that may delete its tags. */
  readonly from?: { readonly repository: RepositoryReference; deleter(): Promise<Session> };
  /** Brings what is attached to the image to the target. */
  bringAttachments?(target: TaggedTarget, options: CopyOptions): Promise<void>;
}

/** An image whose local part was checked. */
export interface PreparedImage {
  /** Reads what lies on registries. `origin` is the repository that the put publishes to. */
  open(origin: RepositoryAccess): Promise<OpenedImage>;
  close(): Promise<void>;
}

/** What an image is opened with. */
export interface PutSurroundings {
  /** The directory of the artifacts of the build. */
  readonly directory: string;
  readonly progress: Progress;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly reader: SourceReader['read'];
}
