// What a command prints on standard output: one line of JSON as Go's encoder writes it.
import type { Digest } from '../oci/digest.ts';
import { encodeJson } from '../oci/json-text.ts';
import type { ConflictingTag } from '../oci/tag-state.ts';
import type { PublishedVersion } from '../policy/published-version.ts';

/** What Concourse calls a version of the resource; either text may be empty. */
export interface Version {
  readonly tag: string;
  readonly digest: string;
}

/** A line that Concourse shows beside a version. Names may repeat. */
export interface MetadataField {
  readonly name: string;
  readonly value: string;
}

/** The answer of `check`: the versions, oldest first. */
export function checkAnswer(versions: readonly Version[]): string {
  return `${encodeJson(versions.map(versionJson))}\n`;
}

/** The answer of `in`: the requested version unchanged, and metadata in the given order. */
export function inAnswer(version: Version, metadata: readonly MetadataField[]): string {
  const fields = metadata.map(({ name, value }) => ({ name, value }));
  return `${encodeJson({ version: versionJson(version), metadata: fields })}\n`;
}

/**
 * The answer of `out`: what was published and the tags that point at it. `skipped` are the tags that stayed where they
 * were instead of moving to `root`, the image of the put; both digests are told.
 */
export function outAnswer(
  repository: string,
  { tag, digest, tags }: PublishedVersion,
  root: Digest,
  skipped: readonly ConflictingTag[],
): string {
  const stayed = skipped.map((other) => `${other.tag} stays on ${other.digest}, not ${root}`);
  return inAnswer({ tag, digest }, [
    { name: 'repository', value: repository },
    { name: 'tags', value: tags.join(' ') },
    ...(stayed.length === 0 ? [] : [{ name: 'skipped_tags', value: stayed.join('; ') }]),
  ]);
}

function versionJson({ tag, digest }: Version) {
  return { tag, digest };
}
