// How old an image is: the time of creation in the config of its first image, or the time in its tag.
import type { GraphNode } from '../content/content-graph.ts';
import { graphDocuments } from '../content/graph-documents.ts';
import { childrenOf } from '../content/graph-source.ts';
import { errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { neverCreated, timeOfCreation } from '../policy/creation-time.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { repositoryReader } from '../registry/repository-reader.ts';
import type { Session } from '../transport/session.ts';
import type { AgedTag } from './due-tags.ts';

/** Indexes in indexes are followed this deep. */
const maximumDepth = 8;

/** How many images are read at a time. */
const lookUpConcurrency = 4;

/** Where the age of a tag is read: in the config of its image, or in the tag itself. */
export type AgeSource = 'created' | 'tag';

/** Tags with their times. An image that cannot be read has none, and its failure instead. */
export async function agedTags(
  session: Session,
  tags: readonly (readonly [tag: string, digest: Digest])[],
  source: AgeSource,
): Promise<AgedTag[]> {
  return await mapConcurrently(tags, lookUpConcurrency, async ([tag, digest]): Promise<AgedTag> => {
    try {
      const time = source === 'tag' ? timeInTag(tag) : await creationTime(session, digest);
      return { tag, digest, time };
    } catch (error) {
      return { tag, digest, time: undefined, failure: errorText(error) };
    }
  });
}

/** When an image was created, in milliseconds since 1970; undefined when its config has no time of RFC 3339, or Go's zero time. */
export async function creationTime(session: Session, digest: Digest): Promise<number | undefined> {
  const documents = graphDocuments(repositoryReader(session));
  const served = await getManifest(session, digest);
  documents.keep(digest, served);
  let node: GraphNode = { descriptor: { ...served, size: served.bytes.length }, kind: 'manifest' };
  let document = await documents.document(node);
  for (let depth = 0; depth < maximumDepth && isIndexType(document.mediaType); depth++) {
    const [child] = childrenOf('index', document.bytes, `index ${node.descriptor.digest}`);
    if (!child) {
      return undefined;
    }
    node = child;
    document = await documents.document(node);
  }
  const where = `manifest ${node.descriptor.digest}`;
  const { config } = parseManifest(document.bytes, where);
  const { created } = parseImageConfig(await documents.config(config), `config ${config.digest}`);
  const time = timeOfCreation(created);
  return time === undefined || time === neverCreated ? undefined : Number(time / 1_000_000n);
}

/** The time in a tag that has twelve or fourteen digits for it in UTC: `-YYYYMMDDHHMM` and, perhaps, seconds. */
export function timeInTag(tag: string): number | undefined {
  const found = /(?:^|\D)(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\D|$)/.exec(tag);
  if (!found) {
    return undefined;
  }
  const [, year, month, day, hour, minute, second = '00'] = found;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = Date.parse(`${text}Z`);
  // Some runtimes take 31 February for 3 March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) ? time : undefined;
}
