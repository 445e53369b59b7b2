// Tag lists that carry digests: an extension of Google's registries, where one request describes a repository.
import { maximumTagList } from '../limits.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import { headerText } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';

/** What a repository holds, as its tag list describes it. */
export interface RepositoryListing {
  readonly tags: ReadonlyMap<string, Digest>;
  readonly digests: ReadonlySet<Digest>;
}

/**
 * The digests and tags of a repository by one request; an empty listing for a repository that does not exist, and
 * `unsupported` where the registry's tag list has no digests, or not all of them.
 */
export async function listTagDigests(
  session: Session,
  signal?: AbortSignal,
): Promise<RepositoryListing | 'unsupported' | 'missing'> {
  const answer = await session.request({
    method: 'GET',
    target: `/v2/${session.repository.path}/tags/list`,
    expect: [200, 404],
    bodyLimit: maximumTagList,
    signal,
  });
  if (answer.status === 404) {
    return 'missing';
  }
  const document = parseJson(answer.bytes);
  const manifests = isJsonObject(document) ? document.manifest : undefined;
  if (!isJsonObject(manifests) || headerText(answer, 'link')) {
    return 'unsupported';
  }
  return readListing(manifests);
}

function readListing(manifests: Readonly<Record<string, unknown>>): RepositoryListing {
  const tags = new Map<string, Digest>();
  const digests = new Set<Digest>();
  for (const [digest, description] of Object.entries(manifests)) {
    if (!isDigest(digest)) {
      continue;
    }
    digests.add(digest);
    const named = isJsonObject(description) ? description.tag : undefined;
    for (const tag of Array.isArray(named) ? named : []) {
      if (typeof tag === 'string') {
        tags.set(tag, digest);
      }
    }
  }
  return { tags, digests };
}
