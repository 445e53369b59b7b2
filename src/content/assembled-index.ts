// An index that is made here: a source that yields the graphs of its entries, and then the index itself.
import { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { encodeIndex } from '../oci/image-index.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { type ContentSource, contentKind, type GraphNode } from './content-graph.ts';

/** An entry of the index, and the source whose root it describes. */
export interface IndexEntry {
  readonly descriptor: Descriptor;
  readonly source: ContentSource;
}

/** A source whose root is known, with its bytes. */
export interface AssembledIndex extends ContentSource {
  readonly index: GraphNode;
  readonly bytes: Uint8Array;
}

/**
 * A source of a new index with these entries in order. It is an OCI index unless every entry is a Docker manifest.
 * Entries that are present at the target are not descended into.
 */
export function assembledIndex(
  name: string,
  entries: readonly IndexEntry[],
  annotations?: Readonly<Record<string, string>>,
): AssembledIndex {
  const isDocker =
    entries.length > 0 &&
    entries.every(({ descriptor }) => descriptor.mediaType === mediaTypes.dockerManifest);
  const mediaType = isDocker && !annotations ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
  const bytes = encodeIndex({
    mediaType,
    manifests: entries.map(({ descriptor }) => descriptor),
    ...(annotations ? { annotations } : {}),
  });
  const descriptor: Descriptor = { mediaType, size: bytes.length, digest: digestOf(bytes) };
  const root: GraphNode = { descriptor, kind: 'index' };
  return {
    index: root,
    bytes,
    name,
    root: descriptor,
    async *nodes(present) {
      if (!(await present(descriptor, 'index'))) {
        const yielded = new Set<string>();
        for (const { source, descriptor: entry } of entries) {
          const isFirst = !yielded.has(entry.digest);
          yielded.add(entry.digest);
          // What is the root of an entry's own source is a child here: one that is present is left out.
          if (isFirst && !(await present(entry, contentKind(entry.mediaType)))) {
            yield* source.nodes((below, kind) =>
              below.digest === entry.digest ? Promise.resolve(false) : present(below, kind),
            );
          }
        }
      }
      yield { ...root, open: async () => Readable.from([bytes]) };
    },
  };
}
