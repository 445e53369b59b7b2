// Tag lists that carry digests: an extension of Google's registries, where one request describes a repository.
import { maximumDigestList } from '../limits.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { isJsonObject, parseJson } from '../oci/json.ts';
import { headerText } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';
import { isMissing } from './manifest-endpoint.ts';
import { parsePage } from './paged-list.ts';
import { parseTagPage } from './tag-list.ts';

/** What a repository holds, as its tag list describes it. */
export interface RepositoryListing {
  readonly tags: ReadonlyMap<string, Digest>;
  readonly digests: ReadonlySet<Digest>;
  /** The media types of the digests, as far as they are listed. */
  readonly mediaTypes: ReadonlyMap<Digest, string>;
}

/** What one request for a tag list shows. */
export type TagListing =
  | { readonly kind: 'digests'; readonly listing: RepositoryListing }
  /** The registry lists no digests, or not all; `tags` are undefined when there are more than in its answer. */
  | { readonly kind: 'tags'; readonly tags: readonly string[] | undefined }
  /** The registry knows no tags of such a repository. Digests without a tag may be there: docker-registry answers so, too. */
  | { readonly kind: 'missing' };

/** What registries say of a repository that they do not know. Without it, a 404 may mean that they list no tags at all. */
const unknownRepository = /^(NAME_UNKNOWN|NOT_FOUND)$/;

/**
 * The digests and tags of a repository, or its tags alone, by one request. Throws a RegistryError where the registry does
 * not list tags.
 */
export async function listTagDigests(session: Session, signal?: AbortSignal): Promise<TagListing> {
  let answer: Awaited<ReturnType<Session['request']>>;
  try {
    answer = await session.request({
      method: 'GET',
      target: `/v2/${session.repository.path}/tags/list`,
      expect: [200],
      bodyLimit: maximumDigestList,
      signal,
    });
  } catch (error) {
    if (isMissing(error) && error.codes.some((code) => unknownRepository.test(code))) {
      return { kind: 'missing' };
    }
    throw error;
  }
  const document = parseJson(answer.bytes);
  const manifests = isJsonObject(document) ? document.manifest : undefined;
  const isPage = Boolean(headerText(answer, 'link'));
  if (!isJsonObject(manifests) || isPage) {
    const list = { of: 'tags', parse: parseTagPage } as const;
    return { kind: 'tags', tags: isPage ? undefined : parsePage(list, answer) };
  }
  const listing = readListing(manifests);
  const tags = parsePage({ of: 'tags', parse: parseTagPage }, answer);
  // What describes a part only would pass for all that there is.
  return tags.every((tag) => listing.tags.has(tag)) ? { kind: 'digests', listing } : { kind: 'tags', tags };
}

function readListing(manifests: Readonly<Record<string, unknown>>): RepositoryListing {
  const tags = new Map<string, Digest>();
  const digests = new Set<Digest>();
  const mediaTypes = new Map<Digest, string>();
  for (const [digest, description] of Object.entries(manifests)) {
    if (!isDigest(digest)) {
      continue;
    }
    digests.add(digest);
    const { tag: named, mediaType } = isJsonObject(description) ? description : {};
    if (typeof mediaType === 'string') {
      mediaTypes.set(digest, mediaType);
    }
    for (const tag of Array.isArray(named) ? named : []) {
      if (typeof tag === 'string') {
        tags.set(tag, digest);
      }
    }
  }
  return { tags, digests, mediaTypes };
}
