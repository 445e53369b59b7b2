// Which manifests refer to another one: the referrers endpoint, or the index under the tag that stands in for it.
import { UserError } from '../errors.ts';
import { maximumManifest, maximumTagPages } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import { parseIndex } from '../oci/image-index.ts';
import { isIndexType, mediaTypes } from '../oci/media-type.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { headerLines } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';
import { getManifest, isMissing } from './manifest-endpoint.ts';
import { nextPage } from './tag-list.ts';

/** The tag under which registries without a referrers endpoint have the referrers of a digest. */
export function referrersTag(subject: Digest): string {
  return `sha256-${digestHex(subject)}`;
}

/**
 * The descriptors of all manifests that refer to a subject, by the referrers endpoint; `unsupported` where the registry
 * has none. Distribution specification, "Listing Referrers".
 */
export async function listReferrers(
  session: Session,
  subject: Digest,
): Promise<readonly Descriptor[] | 'unsupported'> {
  const referrers: Descriptor[] = [];
  const list = `${session.origin}/v2/${session.repository.path}/referrers/${subject}`;
  let next: string | undefined = list;
  for (let page = 0; next !== undefined; page++) {
    const url: string = next;
    if (page >= maximumTagPages) {
      throw new UserError(`GET ${redactedUrl(url)}: the list of referrers does not end`);
    }
    const answer = await session.request({
      method: 'GET',
      target: url,
      accept: mediaTypes.ociIndex,
      expect: [200, 400, 404, 405],
      bodyLimit: maximumManifest,
    });
    if (answer.status !== 200) {
      return 'unsupported';
    }
    referrers.push(...parseIndex(answer.bytes, `referrers of ${subject}`).manifests);
    const [link] = headerLines(answer, 'link');
    next = nextPage(list, answer.url, link);
  }
  return referrers;
}

/**
 * The same from the index under the tag of the subject; none when there is no such tag, or when it is no index: other
 * tools use the tag for images. Distribution specification, "Unavailable Referrers API".
 */
export async function taggedReferrers(session: Session, subject: Digest): Promise<readonly Descriptor[]> {
  const tag = referrersTag(subject);
  try {
    const { bytes, mediaType } = await getManifest(session, tag);
    return isIndexType(mediaType) ? parseIndex(bytes, `index ${tag}`).manifests : [];
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}
