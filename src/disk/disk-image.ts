// An image at rest on this machine: a source of content that holds files open until it is closed.
import type { ContentSource } from '../content/content-graph.ts';
import type { Descriptor } from '../oci/descriptor.ts';

/** An image in a directory or a tarball. Its nodes can be opened until it is closed. */
export interface DiskImage extends ContentSource {
  /** What will be the root; unknown before the content was read when layers have yet to be compressed. */
  readonly root: Descriptor | undefined;
  /** Gives back files and spool space; ends a compression under way. */
  close(): Promise<void>;
}
