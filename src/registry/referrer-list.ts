// Which manifests refer to another one: the referrers endpoint, or the index under the tag that stands in for it.
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import { parseIndex } from '../oci/image-index.ts';
import { isIndexType, mediaTypes } from '../oci/media-type.ts';
import type { Session } from '../transport/session.ts';
import { findManifest } from './found-manifest.ts';
import type { ServedManifest } from './manifest-endpoint.ts';
import { type PagedList, readList, requestPage } from './paged-list.ts';

/** The tag under which registries without a referrers endpoint have the referrers of a digest. */
export function referrersTag(subject: Digest): string {
  return `sha256-${digestHex(subject)}`;
}

/**
 * The descriptors of all manifests that refer to a subject, by the referrers endpoint; `unsupported` where the registry
 * has none. Distribution specification, "Listing Referrers". Throws a UserError for a page that does not follow, see
 * {@link readList}.
 */
export async function listReferrers(
  session: Session,
  subject: Digest,
): Promise<readonly Descriptor[] | 'unsupported'> {
  const list: PagedList<Descriptor> = {
    of: 'referrers',
    url: `${session.origin}/v2/${session.repository.path}/referrers/${subject}`,
    accept: mediaTypes.ociIndex,
    parse: (body) => parseIndex(body, `referrers of ${subject}`).manifests,
  };
  const first = await requestPage(session, list, list.url, [200, 400, 404, 405]);
  return first.status === 200 ? await readList(session, list, first) : 'unsupported';
}

/**
 * The same from the index under the tag of the subject; none when there is no such tag, or when it is no index: other
 * tools use the tag for images. Distribution specification, "Unavailable Referrers API".
 */
export async function taggedReferrers(session: Session, subject: Digest): Promise<readonly Descriptor[]> {
  const tag = referrersTag(subject);
  const served = await findManifest(session, tag);
  return served ? referrersIn(served, tag) : [];
}

/** What a manifest under such a tag lists. */
export function referrersIn({ bytes, mediaType }: ServedManifest, tag: string): readonly Descriptor[] {
  return isIndexType(mediaType) ? parseIndex(bytes, `index ${tag}`).manifests : [];
}
