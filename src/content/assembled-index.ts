// An index that is made here: a source that yields the graphs of its entries, and then the index itself.
import { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { encodeIndex } from '../oci/image-index.ts';
import { mediaTypes } from '../oci/media-type.ts';
import type { ContentSource } from './content-graph.ts';

/** An entry of the index, and the source whose root it describes. */
export interface IndexEntry {
  readonly descriptor: Descriptor;
  readonly source: ContentSource;
}

/**
 * A source of a new index with these entries in order. It is an OCI index unless every entry is a Docker manifest.
 * Entries that are present at the target are not descended into.
 */
export function assembledIndex(
  name: string,
  entries: readonly IndexEntry[],
  annotations?: Readonly<Record<string, string>>,
): ContentSource {
  const isDocker =
    entries.length > 0 &&
    entries.every(({ descriptor }) => descriptor.mediaType === mediaTypes.dockerManifest);
  const mediaType = isDocker && !annotations ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
  const bytes = encodeIndex({
    mediaType,
    manifests: entries.map(({ descriptor }) => descriptor),
    ...(annotations ? { annotations } : {}),
  });
  const root: Descriptor = { mediaType, size: bytes.length, digest: digestOf(bytes) };
  return {
    name,
    root,
    async *nodes(present) {
      if (!(await present(root, 'index'))) {
        const yielded = new Set<string>();
        for (const { source, descriptor } of entries) {
          const isFirst = !yielded.has(descriptor.digest);
          yielded.add(descriptor.digest);
          // What is the root of an entry's own source is a child here: one that is present is left out.
          if (isFirst && !(await present(descriptor, 'manifest'))) {
            yield* source.nodes((below, kind) =>
              below.digest === descriptor.digest ? Promise.resolve(false) : present(below, kind),
            );
          }
        }
      }
      yield { descriptor: root, kind: 'index', open: async () => Readable.from([bytes]) };
    },
  };
}
