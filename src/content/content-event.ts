// The events of a copy: content that was pushed, mounted or skipped, and tags that moved or were restored.
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { GraphNode } from './content-graph.ts';
import type { KeptTag } from './tag-state.ts';

/** One completed step of a copy. `name` is the name of the target. */
export type ContentEvent =
  /** The target already held the node; it was pushed to it; it was mounted from another repository of the registry. */
  | { readonly type: 'existing' | 'pushed' | 'mounted'; readonly node: GraphNode }
  /** A manifest or an index was stored under a tag or its digest. */
  | {
      readonly type: 'stored';
      readonly name: string;
      readonly reference: string;
      readonly descriptor: Descriptor;
    }
  /** The target lacks content that it said it has: everything is sent again. */
  | { readonly type: 'content-lost'; readonly name: string }
  /** A tag already pointed at the root. */
  | { readonly type: 'tag-unchanged'; readonly tag: string; readonly digest: Digest }
  /** A tag that is derived from a digest stays on what the target has, and does not get what the source has. */
  | { readonly type: 'tag-kept'; readonly name: string; readonly kept: KeptTag }
  /** A referrer of the index under a tag was stored that refers to nothing: where it comes from, that index alone attaches it. */
  | { readonly type: 'subject-missing'; readonly name: string; readonly digest: Digest }
  /** A tag by which something is attached to an image is listed where the image comes from, but is not there. */
  | { readonly type: 'attachment-missing'; readonly name: string; readonly tag: string }
  /** After a failure: the tag points at its former manifest again, or is gone again. */
  | {
      readonly type: 'tag-restored';
      readonly name: string;
      readonly tag: string;
      readonly to: Digest | undefined;
    }
  /** After a failure: the tag was left as it is, because another client has moved it since. */
  | { readonly type: 'tag-taken'; readonly name: string; readonly tag: string };

/** Receives the events of a copy in order. */
export type OnContentEvent = (event: ContentEvent) => void;
