// A place on this machine where an image goes: it has no tags, and is whole or not there at all.
import type { ContentTarget } from '../content/content-graph.ts';

/** A target in a directory or a tarball. Until it is published, nobody takes what is there for an image. */
export interface DiskTarget extends ContentTarget {
  /** Ends what is being written. What was not published can't be any more. */
  close(): Promise<void>;
}
