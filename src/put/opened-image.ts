// What a put needs of its image, whichever kind it is: opened before any traffic as far as that goes, read after it.
import type { RepositoryAccess } from '../access/repositories.ts';
import type { LayerCompression } from '../compression/layer-compression.ts';
import type { ContentSource, TaggedTarget } from '../content/content-graph.ts';
import type { Log } from '../log.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import type { CopyOptions } from '../transfer/copy.ts';
import type { Progress } from '../transfer/progress.ts';
import type { Session } from '../transport/session.ts';
import type { SourceReader } from './source-reader.ts';

/** Returns for people by which keys an image is signed. Throws a UserError for one that must not be used. */
export type VerifyImage = (session: Session, digest: Digest) => Promise<string>;

/** The image, as a source of content. */
export interface OpenedImage {
  readonly source: ContentSource;
  /** The same image before its layers are compressed, where reading the source compresses them. */
  readonly plain?: ContentSource | undefined;
  /** The repository that it is promoted from, and a session that may delete its tags. */
  readonly from?: { readonly repository: RepositoryReference; deleter(): Promise<Session> };
  /** By which keys it is signed; undefined where nothing was verified. */
  readonly verified?: string | undefined;
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
  /** How plain layers of tarballs are compressed, where the params say so. */
  readonly compression: LayerCompression | undefined;
  /** The directory of the artifacts of the build. */
  readonly directory: string;
  readonly progress: Progress;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly reader: SourceReader['read'];
  /** Verifies an image of a registry before anything is written; undefined where nothing is verified. */
  readonly verify: VerifyImage | undefined;
}
