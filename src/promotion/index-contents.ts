// Which indexes of a repository list an image, so that nothing is deleted that an index needs.
import { childrenOf } from '../content/graph-source.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { getManifest, isMissing, type ServedManifest } from '../registry/manifest-endpoint.ts';
import type { Session } from '../transport/session.ts';

/** How many manifests are read at a time to see what they list. */
const lookUpConcurrency = 8;

/** What the indexes of a repository list. */
export interface IndexContents {
  /** The tag of an index that lists the digest, itself or by indexes in it. */
  using(digest: Digest, tags: ReadonlyMap<string, Digest>): Promise<string | undefined>;
}

/** Reads each manifest once, when it is first asked for. */
export function createIndexContents(session: Session): IndexContents {
  const known = new Map<Digest, Promise<ReadonlySet<Digest>>>();
  const below = (index: Digest): Promise<ReadonlySet<Digest>> => {
    const listed = known.get(index) ?? getManifest(session, index).then(listedBy);
    known.set(index, listed);
    return listed;
  };
  const listedBy = async ({ bytes, mediaType, digest }: ServedManifest): Promise<ReadonlySet<Digest>> => {
    const children = isIndexType(mediaType) ? childrenOf('index', bytes, `index ${digest}`) : [];
    const listed = new Set(children.map(({ descriptor }) => descriptor.digest));
    for (const { kind, descriptor } of children) {
      if (kind === 'index') {
        const nested = await below(descriptor.digest).catch(emptyWhenMissing);
        for (const each of nested) {
          listed.add(each);
        }
      }
    }
    return listed;
  };
  return {
    async using(digest, tags) {
      const others = [...tags].filter(([, place]) => place !== digest);
      const users = await mapConcurrently(others, lookUpConcurrency, async ([tag, place]) =>
        (await below(place)).has(digest) ? [tag] : [],
      );
      return users.flat()[0];
    },
  };
}

/** Registries accept indexes whose children they do not have. */
function emptyWhenMissing(error: unknown): ReadonlySet<Digest> {
  if (isMissing(error)) {
    return new Set();
  }
  throw error;
}
