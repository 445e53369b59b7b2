// Reads the registries of a promotion manifest: one source, and the destinations.
import { quoteShort, readFields } from '../yaml/yaml-fields.ts';
import type { YamlEntry, YamlNode } from '../yaml/yaml-node.ts';
import type { FileProblems } from './manifest-problems.ts';
import type { ManifestRegistry } from './promotion-manifest.ts';
import { canonicalRegistry, registryNameFault } from './registry-name.ts';

/** The registries of a manifest. */
export interface ManifestRegistries {
  readonly source: ManifestRegistry;
  readonly destinations: readonly ManifestRegistry[];
}

interface ReadRegistry extends ManifestRegistry {
  readonly isSource: boolean;
}

const keys = ['name', 'service-account', 'src'] as const;

/**
 * The source and the destinations of the value of `registries`, each destination once. Reports every fault; undefined when
 * there is not exactly one source.
 */
export function readRegistries(
  { line, value }: YamlEntry,
  problems: FileProblems,
): ManifestRegistries | undefined {
  if (value.kind !== 'list') {
    problems.error(line, 'registries must be a list of maps with the key name');
    return undefined;
  }
  const registries = value.items.flatMap((item) => readRegistry(item, problems) ?? []);
  const isComplete = registries.length === value.items.length;
  const [source, ...furtherSources] = registries.filter(({ isSource }) => isSource);
  for (const further of furtherSources) {
    const first = `${source?.name} is the source already (line ${source?.line})`;
    problems.error(further.line, `two registries have "src: true": ${first}`);
  }
  const destinations = registries.filter(({ isSource }) => !isSource);
  if (!source && isComplete) {
    problems.error(line, 'no registry has "src: true": exactly one must be the source');
  }
  if (source && isComplete && destinations.length === 0) {
    problems.error(line, 'no destination: all registries but the source are destinations');
  }
  return source && { source: registryOf(source), destinations: distinct(source, destinations, problems) };
}

function readRegistry(item: YamlNode, problems: FileProblems): ReadRegistry | undefined {
  if (item.kind !== 'map') {
    problems.error(item.line, 'a registry must be a map with the key name');
    return undefined;
  }
  const fields = readFields(item, keys, problems.error);
  const name = readName(item.line, fields.name, problems);
  const isSource = readSource(fields.src, problems);
  const account = fields['service-account']?.value;
  if (account && account.kind !== 'string') {
    problems.error(account.line, 'service-account must be a string');
  }
  if (name === undefined || isSource === undefined) {
    return undefined;
  }
  const registry = { name, isSource, file: problems.file, line: fields.name?.line ?? item.line };
  return account?.kind === 'string' ? { ...registry, serviceAccount: account.value } : registry;
}

function readName(line: number, entry: YamlEntry | undefined, problems: FileProblems): string | undefined {
  if (entry === undefined) {
    problems.error(line, 'a registry has no name');
    return undefined;
  }
  const { value } = entry;
  if (value.kind === 'empty' || (value.kind === 'string' && value.value === '')) {
    problems.error(value.line, 'the name of a registry is empty');
    return undefined;
  }
  if (value.kind !== 'string') {
    problems.error(value.line, 'the name of a registry must be a string');
    return undefined;
  }
  const fault = registryNameFault(value.value);
  if (fault !== undefined) {
    problems.error(value.line, `the name of a registry is not valid: ${fault}`);
    return undefined;
  }
  return value.value;
}

function readSource(entry: YamlEntry | undefined, problems: FileProblems): boolean | undefined {
  if (entry === undefined) {
    return false;
  }
  const { value } = entry;
  const word = value.kind === 'string' ? value.value.toLowerCase() : '';
  if (word !== 'true' && word !== 'false') {
    const found = value.kind === 'string' ? `, not ${quoteShort(value.value)}` : '';
    problems.error(value.line, `src must be true or false${found}`);
    return undefined;
  }
  return word === 'true';
}

function distinct(
  source: ManifestRegistry,
  destinations: readonly ReadRegistry[],
  problems: FileProblems,
): ManifestRegistry[] {
  const first = new Map<string, ReadRegistry>();
  for (const destination of destinations) {
    const { name, line } = destination;
    const canonical = canonicalRegistry(name);
    const earlier = first.get(canonical);
    if (earlier) {
      problems.warning(line, `the destination ${name} is listed twice: first on line ${earlier.line}`);
    } else {
      first.set(canonical, destination);
      if (canonical === canonicalRegistry(source.name)) {
        problems.warning(line, `the destination ${name} is the source: only tags can be added there`);
      }
    }
  }
  return Array.from(first.values(), registryOf);
}

function registryOf({ isSource: _, ...registry }: ReadRegistry): ManifestRegistry {
  return registry;
}
