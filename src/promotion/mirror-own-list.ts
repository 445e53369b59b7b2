// Reads our own list for mirror: a list of sources and destinations below the key mirror.
import { readFields } from '../yaml/yaml-fields.ts';
import type { YamlEntry, YamlMap } from '../yaml/yaml-node.ts';
import type { MirrorEntries } from './mirror-entries.ts';
import {
  atLine,
  readConstraints,
  readMaps,
  readPatterns,
  readRequiredString,
  readString,
  readStrings,
} from './mirror-fields.ts';
import { parseMirrorPlatform } from './mirror-names.ts';

/** Adds the entries of `{mirror: [{source, destination, tags, tag_regex, semver_constraint, platform}]}`. */
export function readOwnList(root: YamlMap, list: MirrorEntries): void {
  const { mirror } = readFields(root, ['mirror'], list.problems.error);
  for (const item of mirror ? readMaps(mirror, list.problems) : []) {
    readItem(item, list);
  }
}

function readItem(item: YamlMap, list: MirrorEntries): void {
  const { problems } = list;
  const fields = readFields(
    item,
    ['source', 'destination', 'tags', 'tag_regex', 'semver_constraint', 'platform'],
    problems.error,
  );
  const source = readRequiredString(fields.source, 'source', item.line, problems);
  const platform = platformOf(fields.platform, list);
  const filters = filtersOf(fields, list);
  const tags = readStrings(fields.tags, problems);
  if (fields.tags && tags.length === 0) {
    problems.error(fields.tags.line, 'tags is empty: without the key, all tags are copied');
  }
  const destinations = readStrings(fields.destination, problems);
  if (source && (destinations.length > 0 || !fields.destination)) {
    for (const destination of destinations.length > 0 ? destinations : [undefined]) {
      list.add({ source, destination, tags, filters, platform });
    }
  } else if (fields.destination && destinations.length === 0) {
    problems.error(fields.destination.line, 'destination is empty');
  }
}

/** The filter of a regular expression and a constraint, which must both hold. */
function filtersOf(
  { tag_regex: regex, semver_constraint: constraint }: Partial<Record<string, YamlEntry>>,
  { problems }: MirrorEntries,
) {
  const allow = readPatterns(regex, problems);
  const versions = readConstraints(constraint, problems);
  return allow.length + versions.length > 0 ? [{ allow, deny: [], versions }] : [];
}

/** The platform of a key. */
export function platformOf(entry: YamlEntry | undefined, { problems }: MirrorEntries) {
  const text = readString(entry, problems);
  return text && atLine(text.line, problems, () => parseMirrorPlatform(text.value));
}
