// The responses of the commands on standard output: one line of JSON as Go's encoder writes it.
import type { ConflictingTag } from '../content/tag-state.ts';
import type { MetadataField } from '../get/image-metadata.ts';
import type { Digest } from '../oci/digest.ts';
import { encodeJson } from '../oci/json.ts';
import type { PublishedVersion } from '../policy/published-version.ts';
import type { Version } from '../policy/select-tag.ts';

/** The response of `check`: the versions, oldest first. */
export function checkResponse(versions: readonly Version[]): string {
  return `${encodeJson(versions.map(versionJson))}\n`;
}

/** The response of `in`: the requested version unchanged, and metadata in the given order. */
export function inResponse(version: Version, metadata: readonly MetadataField[]): string {
  const fields = metadata.map(({ name, value }) => ({ name, value }));
  return `${encodeJson({ version: versionJson(version), metadata: fields })}\n`;
}

/**
 * The response of `out`: the published version and the tags that point at it. `skipped` are the tags that did not move
 * to `root`, the image of the put; both digests are listed. `verified` says by which keys an image was
 * signed before, `signed` by which one it is now.
 */
export function outResponse(
  repository: string,
  { tag, digest, tags }: PublishedVersion,
  root: Digest,
  {
    skipped = [],
    verified,
    signed,
  }: {
    readonly skipped?: readonly ConflictingTag[];
    readonly verified?: string | undefined;
    readonly signed?: string | undefined;
  } = {},
): string {
  const stayed = skipped.map((other) => `${other.tag} stays on ${other.digest}, not ${root}`);
  return inResponse({ tag, digest }, [
    { name: 'repository', value: repository },
    { name: 'tags', value: tags.join(' ') },
    ...(verified === undefined ? [] : [{ name: 'verified', value: verified }]),
    ...(signed === undefined ? [] : [{ name: 'signed', value: signed }]),
    ...(stayed.length === 0 ? [] : [{ name: 'skipped_tags', value: stayed.join('; ') }]),
  ]);
}

function versionJson({ tag, digest }: Version) {
  return { tag, digest };
}
