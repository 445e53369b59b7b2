// Reads the images of a promotion manifest: names, digests and tags, each once.
import { type Digest, isDigest } from '../oci/digest.ts';
import { quoteShort, readFields } from '../yaml/yaml-fields.ts';
import type { YamlEntry, YamlNode } from '../yaml/yaml-node.ts';
import type { FileProblems } from './manifest-problems.ts';
import type { ManifestDigest, ManifestImage } from './promotion-manifest.ts';
import { imageNameFault } from './registry-name.ts';

/** An image with the line on which its name is first. */
export interface ReadImage extends ManifestImage {
  readonly line: number;
}

interface TagPlace {
  readonly digest: Digest;
  readonly line: number;
}

interface DigestDraft {
  readonly line: number;
  readonly tags: string[];
  /** The line of each tag. */
  readonly tagLines: number[];
}

/** What has been read of an image so far; it may occur several times in a file. */
interface ImageDraft {
  readonly name: string;
  readonly line: number;
  readonly digests: Map<Digest, DigestDraft>;
  /** Where each tag of the image is. */
  readonly tags: Map<string, TagPlace>;
}

const keys = ['name', 'dmap'] as const;

/** Of a distribution tag: distribution specification, "Pulling manifests". */
const tagPattern = /^\w[\w.-]{0,127}$/;

/**
 * The images of a list, or none of an empty value. An image that occurs several times is merged, and so is a digest.
 * Reports every fault, at the line of the offending value.
 */
export function readImages(list: YamlNode, problems: FileProblems): ReadImage[] {
  if (list.kind === 'empty') {
    return [];
  }
  if (list.kind !== 'list') {
    problems.error(list.line, 'the images must be a list of maps with the keys name and dmap');
    return [];
  }
  const drafts = new Map<string, ImageDraft>();
  for (const item of list.items) {
    readImage(item, drafts, problems);
  }
  return Array.from(drafts.values(), (draft) => imageOf(draft, problems.file));
}

function readImage(item: YamlNode, drafts: Map<string, ImageDraft>, problems: FileProblems): void {
  if (item.kind !== 'map') {
    problems.error(item.line, 'an image must be a map with the keys name and dmap');
    return;
  }
  const fields = readFields(item, keys, problems.error);
  const name = readName(item.line, fields.name, problems);
  const { dmap } = fields;
  if (dmap === undefined) {
    problems.error(item.line, `${imageText(name)} has no dmap`);
    return;
  }
  if (dmap.value.kind !== 'map' || dmap.value.entries.length === 0) {
    problems.error(dmap.line, `the dmap of ${imageText(name)} must be a map with at least one digest`);
    return;
  }
  // The digests below an unusable name are checked all the same.
  const draft = drafts.get(name ?? '') ?? {
    name: name ?? '',
    line: fields.name?.line ?? item.line,
    digests: new Map(),
    tags: new Map(),
  };
  if (name !== undefined) {
    drafts.set(name, draft);
  }
  for (const entry of dmap.value.entries) {
    readDigest(entry, draft, problems);
  }
}

function readName(line: number, entry: YamlEntry | undefined, problems: FileProblems): string | undefined {
  if (entry === undefined) {
    problems.error(line, 'an image has no name');
    return undefined;
  }
  const { value } = entry;
  if (value.kind === 'empty' || (value.kind === 'string' && value.value === '')) {
    problems.error(value.line, 'the name of an image is empty');
    return undefined;
  }
  if (value.kind !== 'string') {
    problems.error(value.line, 'the name of an image must be a string');
    return undefined;
  }
  const fault = imageNameFault(value.value);
  if (fault !== undefined) {
    problems.error(value.line, `the name of an image is not valid: ${fault}`);
    return undefined;
  }
  return value.value;
}

function readDigest({ key, line, value }: YamlEntry, draft: ImageDraft, problems: FileProblems): void {
  const digest = isDigest(key) ? key : undefined;
  if (digest === undefined) {
    const rule = 'a digest must be "sha256:" and 64 lower-case hexadecimal digits';
    problems.error(line, `${rule}, not ${quoteShort(key)}`);
  }
  if (value.kind !== 'list' && value.kind !== 'empty') {
    const example = value.kind === 'string' ? `, such as [${quoteShort(value.value)}]` : '';
    problems.error(value.line, `the tags of ${quoteShort(key)} must be a list${example}`);
  }
  const tags = value.kind === 'list' ? value.items.filter((item) => isTag(item, problems)) : [];
  if (digest === undefined) {
    return;
  }
  const known = draft.digests.get(digest) ?? { line, tags: [], tagLines: [] };
  draft.digests.set(digest, known);
  for (const tag of tags) {
    const other = draft.tags.get(tag.value);
    if (other && other.digest !== digest) {
      const places = `${other.digest} (line ${other.line}) and ${digest}`;
      problems.error(
        tag.line,
        `the tag ${tag.value} of ${imageText(draft.name)} is on two digests: ${places}`,
      );
    } else if (!other) {
      draft.tags.set(tag.value, { digest, line: tag.line });
      known.tags.push(tag.value);
      known.tagLines.push(tag.line);
    }
  }
}

function isTag(item: YamlNode, problems: FileProblems): item is YamlNode & { readonly kind: 'string' } {
  if (item.kind !== 'string') {
    problems.error(item.line, item.kind === 'empty' ? 'a tag is empty' : 'a tag must be a string');
    return false;
  }
  if (!tagPattern.test(item.value)) {
    const rule = 'up to 128 letters, digits, "_", "." and "-", and neither "." nor "-" at the beginning';
    problems.error(item.line, `the tag ${quoteShort(item.value)} is not valid: a tag has ${rule}`);
    return false;
  }
  return true;
}

function imageOf({ name, line, digests }: ImageDraft, file: string): ReadImage {
  return { name, line, digests: Array.from(digests, ([digest, draft]) => digestOf(digest, draft, file)) };
}

function digestOf(digest: Digest, { line, tags, tagLines }: DigestDraft, file: string): ManifestDigest {
  const isOnOneLine = tagLines.every((tagLine) => tagLine === line);
  return isOnOneLine ? { digest, tags, file, line } : { digest, tags, file, line, tagLines };
}

function imageText(name: string | undefined): string {
  return name === undefined || name === '' ? 'an image' : `image ${name}`;
}
