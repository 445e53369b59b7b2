// Reads skopeo's list for mirror (`skopeo sync --src yaml`): registries with images by tags, by patterns and by versions.
import { readFields } from '../yaml/yaml-fields.ts';
import type { YamlEntry, YamlMap } from '../yaml/yaml-node.ts';
import type { MirrorEntries } from './mirror-entries.ts';
import {
  type LineString,
  mapOf,
  readConstraints,
  readPatterns,
  readStrings,
  warnIgnored,
} from './mirror-fields.ts';
import type { TagFilter } from './mirror-list.ts';

const keys = [
  'images',
  'images-by-tag-regex',
  'images-by-semver',
  'credentials',
  'tls-verify',
  'cert-dir',
] as const;

const ignored: Readonly<Record<string, string>> = {
  credentials: 'logins come from the settings file, or from the config.json of Docker',
  'cert-dir': 'certificates come from ca_certs in the settings file',
};

/** Adds the entries of `{REGISTRY: {images, images-by-tag-regex, images-by-semver}}`. The destination is that of --to. */
export function readSkopeoList(root: YamlMap, list: MirrorEntries): void {
  for (const { key, value } of root.entries) {
    const registry = mapOf(value, `the registry ${key}`, list.problems);
    if (registry) {
      readRegistry(key, registry, list);
    }
  }
}

function readRegistry(name: string, registry: YamlMap, list: MirrorEntries): void {
  const { problems } = list;
  const fields = readFields(registry, keys, problems.error);
  warnIgnored(fields, ignored, problems);
  const verify = fields['tls-verify'];
  if (verify?.value.kind === 'string' && verify.value.value === 'false') {
    problems.warning(verify.line, 'tls-verify is ignored: insecure in the settings file allows it');
  }
  addImages(name, fields.images, list, (image) => ({ tags: readStrings(image, problems), filters: [] }));
  addImages(name, fields['images-by-tag-regex'], list, (image) => ({
    tags: [],
    filters: [{ allow: readPatterns(image, problems), deny: [], versions: [] }],
  }));
  addImages(name, fields['images-by-semver'], list, (image) => ({
    tags: [],
    filters: [{ allow: [], deny: [], versions: readConstraints(image, problems) }],
  }));
}

interface Selected {
  readonly tags: readonly LineString[];
  readonly filters: readonly TagFilter[];
}

function addImages(
  registry: string,
  entry: YamlEntry | undefined,
  list: MirrorEntries,
  select: (image: YamlEntry) => Selected,
): void {
  const images = entry && mapOf(entry.value, entry.key, list.problems);
  for (const image of images?.entries ?? []) {
    const { tags, filters } = select(image);
    if (isEmptyFilter(filters)) {
      list.problems.error(image.line, `${image.key} has no pattern`);
      continue;
    }
    const source = { value: `${registry}/${image.key}`, line: image.line };
    list.add({ source, destination: undefined, tags, filters });
  }
}

/** A filter without a pattern would admit everything. */
function isEmptyFilter(filters: readonly TagFilter[]): boolean {
  return filters.some(({ allow, versions }) => allow.length + versions.length === 0);
}
