// The record of a promotion: what was promoted, from where, to where, when, and which file of which commit asked for it.

import type { Digest } from '../oci/digest.ts';
import { encodeJson } from '../oci/json.ts';
import type { Attestation } from '../signing/attestation.ts';
import type { RepositoryPromotion } from './edges.ts';
import { committedFile } from './git-commit.ts';

/** A promotion of a digest to a repository, which changes something there. */
export interface RecordedPromotion {
  /** `host/path/name`, as is `destination`. */
  readonly source: string;
  readonly destination: string;
  /** The tags that come to the digest; none when it is promoted without one. */
  readonly tags: readonly string[];
  /** The file that asked for it; undefined where the command line did. */
  readonly file?: string | undefined;
}

/** The type of records, by which attestations tell what they claim. A name, because no host belongs to this program. */
export const promotionPredicate = 'urn:x-registry-image-resource:promotion:v1';

/** What a record claims of a digest; `now` is milliseconds. Reads the commit of the file, and fails for nothing. */
export async function promotionRecord(
  digest: Digest,
  { source, destination, tags, file }: RecordedPromotion,
  now: number,
): Promise<Attestation> {
  const committed = file === undefined ? undefined : await committedFile(file);
  const predicate = encodeJson({
    source,
    destination,
    digest,
    tags,
    time: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    file: committed?.path ?? file ?? null,
    commit: committed?.commit ?? null,
  });
  return { predicateType: promotionPredicate, predicate };
}

/** The file of the manifest or list that asks for a digest; undefined when none of the promotions does. */
export function fileOf(
  promotions: readonly RepositoryPromotion[],
  { source, destination }: RecordedPromotion,
  digest: Digest,
): string | undefined {
  const sources = promotions.find((each) => each.destination === destination)?.sources ?? [];
  return sources.find((each) => each.source === source)?.digests.find((each) => each.digest === digest)?.file;
}
