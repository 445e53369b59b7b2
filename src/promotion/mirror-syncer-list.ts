// Reads image-syncer's list for mirror: a map from sources to one or more destinations.
import { UserError } from '../errors.ts';
import { withoutUserInfo } from '../oci/reference.ts';
import { compilePattern } from '../policy/pattern.ts';
import { checkTag } from '../policy/tag-grammar.ts';
import { readFields } from '../yaml/yaml-fields.ts';
import type { YamlEntry, YamlMap } from '../yaml/yaml-node.ts';
import type { MirrorEntries } from './mirror-entries.ts';
import { atLine, type LineString, mapOf, readStrings, warnIgnored } from './mirror-fields.ts';
import type { TagFilter } from './mirror-list.ts';

/** Adds the entries of the older form with everything in one file: `{auth, images: {SRC: DST}}`. */
export function readSyncerConfig(root: YamlMap, list: MirrorEntries): void {
  const fields = readFields(root, ['auth', 'images'], list.problems.error);
  const reason = 'logins come from the settings file, or from the config.json of Docker';
  warnIgnored(fields, { auth: reason }, list.problems);
  const images = fields.images && mapOf(fields.images.value, 'images', list.problems);
  if (images) {
    readSyncerList(images, list);
  }
}

/** Adds the entries of `{SRC: DST}` and `{SRC: [DST, …]}`; SRC may end in `:a,b` or `:/pattern/`. */
export function readSyncerList(images: YamlMap, list: MirrorEntries): void {
  for (const entry of images.entries) {
    const destinations = readStrings(entry, list.problems);
    if (entry.value.kind === 'empty' || (entry.value.kind === 'list' && destinations.length === 0)) {
      list.problems.error(entry.line, `the source ${withoutUserInfo(entry.key)} has no destination`);
    }
    for (const destination of destinations) {
      addRule(entry, destination, list);
    }
  }
}

function addRule({ key, line }: YamlEntry, destination: LineString, list: MirrorEntries): void {
  const source = { value: key, line };
  const isPattern = /:\//.exec(key);
  if (isPattern) {
    const filter = atLine(line, list.problems, () => patternFilter(key.slice(isPattern.index + 2)));
    if (filter) {
      const repository = { value: key.slice(0, isPattern.index), line };
      list.add({ source: repository, destination, tags: [], filters: [filter] });
    }
    return;
  }
  const from = splitTags(key);
  const to = splitTags(destination.value);
  if (from.tags.length < 2 && to.tags.length < 2) {
    list.add({ source, destination, tags: [], filters: [] });
  } else if (to.tags.length !== 0 && to.tags.length !== from.tags.length) {
    const counts = `${from.tags.length} and ${to.tags.length}`;
    list.problems.error(line, `source and destination must have equally many tags, not ${counts}`);
  } else {
    for (const [index, tag] of from.tags.entries()) {
      const as = to.tags[index] ?? tag;
      atLine(line, list.problems, () => checkTag(as, destination.value));
      list.add({
        source: { value: `${from.name}:${tag}`, line },
        destination: { value: `${to.name}:${as}`, line: destination.line },
        tags: [],
        filters: [],
      });
    }
  }
}

function patternFilter(text: string): TagFilter {
  if (!text.endsWith('/') || text === '/') {
    throw new UserError('a pattern for tags must be between slashes: host/path:/pattern/');
  }
  return { allow: [compilePattern(text.slice(0, -1), 'the source')], deny: [], versions: [] };
}

/** The name before the tags, and the tags, which commas separate. None of a name with a digest. */
function splitTags(text: string): { readonly name: string; readonly tags: readonly string[] } {
  const colon = text.lastIndexOf(':');
  return colon > text.lastIndexOf('/') && !text.includes('@')
    ? { name: text.slice(0, colon), tags: text.slice(colon + 1).split(',') }
    : { name: text, tags: [] };
}
