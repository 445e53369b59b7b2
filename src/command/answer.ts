// What a command prints on standard output: one line of JSON as Go's encoder writes it.
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

/** The answer of `out`: what was published, the tags that point at it, and the tags that stayed elsewhere. */
export function outAnswer(
  repository: string,
  { tag, digest, tags }: PublishedVersion,
  skipped: readonly ConflictingTag[] = [],
): string {
  const stayed = skipped.map((other) => `${other.tag}@${other.digest}`).join(' ');
  return inAnswer({ tag, digest }, [
    { name: 'repository', value: repository },
    { name: 'tags', value: tags.join(' ') },
    ...(stayed === '' ? [] : [{ name: 'skipped_tags', value: stayed }]),
  ]);
}

function versionJson({ tag, digest }: Version) {
  return { tag, digest };
}
