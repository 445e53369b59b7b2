// Reads values of lists for mirror by line: strings, lists, maps, and keys that ask for what is not done.
import { errorHint, errorText, UserError } from '../errors.ts';
import { compilePattern, type Pattern } from '../policy/pattern.ts';
import { parseConstraint, type VersionConstraint } from '../policy/version-constraint.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../yaml/yaml-node.ts';
import type { FileProblems } from './manifest-problems.ts';

/** A string of a file with its line. */
export interface LineString {
  readonly value: string;
  readonly line: number;
}

/** The entries of a map by its known keys, as far as they are there. */
export type Fields<Key extends string> = Partial<Record<Key, YamlEntry>>;

/** The string of a key. Reports another value, and an empty one; undefined then, and for an absent key. */
export function readString(entry: YamlEntry | undefined, problems: FileProblems): LineString | undefined {
  return entry && stringOf(entry.value, entry.key, problems);
}

/** The string of a key that must be there. */
export function readRequiredString(
  entry: YamlEntry | undefined,
  key: string,
  line: number,
  problems: FileProblems,
): LineString | undefined {
  if (!entry) {
    problems.error(line, `${key} is missing`);
  }
  return readString(entry, problems);
}

/** The strings of a key: a list, or a single one. None of an absent key and of one without a value. */
export function readStrings(entry: YamlEntry | undefined, problems: FileProblems): LineString[] {
  if (!entry || entry.value.kind === 'empty') {
    return [];
  }
  const { key, value } = entry;
  const items = value.kind === 'list' ? value.items : [value];
  return items.flatMap((item) => stringOf(item, key, problems) ?? []);
}

/** The items of a list that must be maps. Reports the others. */
export function readMaps({ key, value }: YamlEntry, problems: FileProblems): YamlMap[] {
  if (value.kind === 'empty') {
    return [];
  }
  if (value.kind !== 'list') {
    problems.error(value.line, `${key} must be a list of maps`);
    return [];
  }
  return value.items.flatMap((item) => mapOf(item, `an item of ${key}`, problems) ?? []);
}

/** A value that must be a map, or nothing; undefined, and reported, when it is neither. */
export function mapOf(node: YamlNode, what: string, problems: FileProblems): YamlMap | undefined {
  if (node.kind === 'empty') {
    return { kind: 'map', line: node.line, entries: [] };
  }
  if (node.kind !== 'map') {
    problems.error(node.line, `${what} must be a map`);
    return undefined;
  }
  return node;
}

/** Warns of each key that asks for what is not done, with the reason; not where it is switched off. */
export function warnIgnored(
  fields: Fields<string>,
  reasons: Readonly<Record<string, string>>,
  problems: FileProblems,
): void {
  for (const [key, reason] of Object.entries(reasons)) {
    const entry = fields[key];
    if (entry && !isSwitchedOff(entry.value)) {
      problems.warning(entry.line, `${key} is ignored: ${reason}`);
    }
  }
}

/** The result of an action; a UserError is reported at the line, and the result undefined. */
export function atLine<Value>(line: number, problems: FileProblems, action: () => Value): Value | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof UserError)) {
      throw error;
    }
    const hint = errorHint(error);
    problems.error(line, hint === undefined ? errorText(error) : `${errorText(error)} (${hint})`);
    return undefined;
  }
}

/** The patterns of a key: searched anywhere in a name, or with `^` before and `$` after them. */
export function readPatterns(
  entry: YamlEntry | undefined,
  problems: FileProblems,
  matching: 'anywhere' | 'whole' = 'anywhere',
): Pattern[] {
  return readStrings(entry, problems).flatMap(
    ({ value, line }) =>
      atLine(line, problems, () =>
        compilePattern(matching === 'whole' ? `^${value}$` : value, entry?.key ?? 'the list'),
      ) ?? [],
  );
}

/** The version constraints of a key. */
export function readConstraints(entry: YamlEntry | undefined, problems: FileProblems): VersionConstraint[] {
  return readStrings(entry, problems).flatMap(
    ({ value, line }) => atLine(line, problems, () => parseConstraint(value)) ?? [],
  );
}

function stringOf(node: YamlNode, key: string, problems: FileProblems): LineString | undefined {
  if (node.kind !== 'string' || node.value === '') {
    const isEmpty = node.kind === 'empty' || node.kind === 'string';
    problems.error(node.line, isEmpty ? `${key} is empty` : `${key} must be a string`);
    return undefined;
  }
  return { value: node.value, line: node.line };
}

function isSwitchedOff(value: YamlNode): boolean {
  return (
    value.kind === 'empty' ||
    (value.kind === 'string' && (value.value === 'false' || value.value === '')) ||
    (value.kind === 'list' && value.items.length === 0) ||
    (value.kind === 'map' && value.entries.length === 0)
  );
}
