// Reads the lists of Zuul's container roles for mirror: mirror_container_images_images and container_images.
import { UserError } from '../errors.ts';
import { compilePattern } from '../policy/pattern.ts';
import { quoteShort, readFields } from '../yaml/yaml-fields.ts';
import type { YamlEntry, YamlMap } from '../yaml/yaml-node.ts';
import type { MirrorEntries } from './mirror-entries.ts';
import {
  atLine,
  mapOf,
  readMaps,
  readRequiredString,
  readString,
  readStrings,
  warnIgnored,
} from './mirror-fields.ts';

const buildReason = 'it is about building, and images are copied as they are';

const imageIgnored: Readonly<Record<string, string>> = Object.fromEntries(
  ['context', 'container_filename', 'path', 'build_args', 'target', 'siblings', 'arch'].map((key) => [
    key,
    buildReason,
  ]),
);

const imageKeys = [
  ...['registry', 'repository', 'tags'],
  ...['context', 'container_filename', 'path', 'build_args', 'target', 'siblings', 'arch'],
];

const copyKeys = ['src_repository', 'src_tag', 'dest_repository', 'dest_tag', 'dest_registry'] as const;

/** What the credentials of a registry allow: images whose repository matches. */
type AllowedRepositories = ReadonlyMap<string, YamlEntry>;

/** Adds the entries of a file with variables of Zuul. Images of container_images go where --to says. */
export function readZuulLists(root: YamlMap, list: MirrorEntries): void {
  const { problems } = list;
  const known: Record<string, YamlEntry> = {};
  for (const entry of root.entries) {
    if (
      /^(mirror_container_images_images|container_images|container_registry_credentials)$/.test(entry.key)
    ) {
      known[entry.key] = entry;
    } else {
      problems.warning(entry.line, `${quoteShort(entry.key)} is ignored: it is no list of images`);
    }
  }
  const { mirror_container_images_images: copies, container_images: images } = known;
  const allowed = readCredentials(known.container_registry_credentials, list);
  for (const item of copies ? readMaps(copies, problems) : []) {
    readCopy(item, allowed, list);
  }
  for (const item of images ? readMaps(images, problems) : []) {
    readImage(item, list);
  }
}

function readCopy(item: YamlMap, allowed: AllowedRepositories, list: MirrorEntries): void {
  const { problems } = list;
  const fields = readFields(item, copyKeys, problems.error);
  const [repository, tag, toRepository, toTag] = copyKeys
    .slice(0, 4)
    .map((key) => readRequiredString(fields[key], key, item.line, problems));
  const registry = readString(fields.dest_registry, problems);
  if (!repository || !tag || !toRepository || !toTag) {
    return;
  }
  const rule = allowed.get(registry?.value ?? '');
  if (rule) {
    atLine(toRepository.line, problems, () => requireMatch(toRepository.value, rule, list));
  }
  list.add({
    source: { value: `${repository.value}:${tag.value}`, line: repository.line },
    destination: { value: `${toRepository.value}:${toTag.value}`, line: toRepository.line },
    tags: [],
    filters: [],
  });
}

function readImage(item: YamlMap, list: MirrorEntries): void {
  const { problems } = list;
  const fields = readFields(item, imageKeys, problems.error);
  warnIgnored(fields, imageIgnored, problems);
  const source = readRequiredString(fields.repository, 'repository', item.line, problems);
  const tags = readStrings(fields.tags, problems);
  if (source) {
    const latest = { value: 'latest', line: source.line };
    list.add({ source, destination: undefined, tags: tags.length > 0 ? tags : [latest], filters: [] });
  }
}

function readCredentials(entry: YamlEntry | undefined, { problems }: MirrorEntries): AllowedRepositories {
  const rules = new Map<string, YamlEntry>();
  if (!entry) {
    return rules;
  }
  problems.warning(
    entry.line,
    'logins of container_registry_credentials are ignored: they come from the settings file, or from the config.json of Docker',
  );
  for (const { key, value } of mapOf(entry.value, entry.key, problems)?.entries ?? []) {
    const rule = value.kind === 'map' ? value.entries.find((field) => field.key === 'repository') : undefined;
    if (rule) {
      rules.set(key, rule);
    }
  }
  return rules;
}

/** The regular expression `repository` of the credentials is searched in the destination. */
function requireMatch(repository: string, rule: YamlEntry, { problems }: MirrorEntries): void {
  const pattern = readString(rule, problems);
  if (pattern && !compilePattern(pattern.value, 'repository').matches(repository)) {
    throw new UserError(
      `the credentials of its registry do not allow ${repository}: it does not match ${quoteShort(pattern.value)} (line ${pattern.line})`,
    );
  }
}
