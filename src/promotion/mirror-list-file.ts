// Reads a list for mirror from a file: detects the format by its keys, and reports everything that is wrong by line.
import { UserError } from '../errors.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { readUtf8File } from '../yaml/yaml-file.ts';
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts';
import { ManifestProblems } from './manifest-problems.ts';
import { MirrorEntries } from './mirror-entries.ts';
import { isPlainLines, readPlainLines } from './mirror-lines.ts';
import type { MirrorListReading } from './mirror-list.ts';
import type { MirrorDestination } from './mirror-names.ts';
import { readOwnList } from './mirror-own-list.ts';
import { readRegsyncList } from './mirror-regsync-list.ts';
import { readSkopeoList } from './mirror-skopeo-list.ts';
import { readSyncerConfig, readSyncerList } from './mirror-syncer-list.ts';
import { readZuulLists } from './mirror-zuul-lists.ts';

/**
 * Reads a list. Never throws for what is in the file: all errors and warnings are in the result, by line, and so is a file
 * that cannot be read. Throws a UserError when `to` is given, and every entry has a destination of its own.
 */
export async function readMirrorList(
  file: string,
  to: MirrorDestination | undefined,
): Promise<MirrorListReading> {
  const problems = new ManifestProblems();
  const own = problems.of(file);
  const list = new MirrorEntries(own, to);
  const content = await readUtf8File(file);
  if ('error' in content) {
    problems.addYaml(file, [content.error]);
  } else if (isPlainLines(content.text)) {
    readPlainLines(content.text, list);
  } else {
    const { root, errors } = await parseYaml(content.text);
    // What the library quotes may be a part of a password.
    problems.addYaml(
      file,
      errors.map((error) => ({ ...error, message: error.message.replace(/^(malformed YAML):.*/s, '$1') })),
    );
    if (errors.length === 0) {
      readRoot(root, list);
    }
  }
  const { errors, warnings } = problems;
  if (list.entries.length === 0 && errors.length === 0) {
    own.error(1, 'the list has no images');
  }
  if (to && !list.usesTo && errors.length === 0 && list.entries.length > 0) {
    throw new UserError('--to is given, but every entry of the list has a destination of its own');
  }
  return { entries: list.entries, errors: problems.errors, warnings };
}

function readRoot(root: YamlNode, list: MirrorEntries): void {
  if (root.kind === 'map' && root.entries.length > 0) {
    readerOf(root)(root, list);
  } else if (root.kind !== 'empty' && root.kind !== 'map') {
    list.problems.error(
      root.line,
      'this is no known list: it must be a map with the keys of one, or lines with a source and a destination',
    );
  }
}

/** What reads a map, by its keys and, where these are names of images or registries, by its values. */
function readerOf(root: YamlMap): (root: YamlMap, list: MirrorEntries) => void {
  const has = (...keys: readonly string[]) => root.entries.some(({ key }) => keys.includes(key));
  if (has('mirror')) {
    return readOwnList;
  }
  if (has('sync', 'creds', 'defaults')) {
    return readRegsyncList;
  }
  if (has('mirror_container_images_images', 'container_images')) {
    return readZuulLists;
  }
  if (has('images')) {
    return readSyncerConfig;
  }
  return root.entries[0]?.value.kind === 'map' ? readSkopeoList : readSyncerList;
}
