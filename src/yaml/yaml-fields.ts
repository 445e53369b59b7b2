// Reads a map of a YAML file by its known keys: unknown ones are reported with the nearest known one.
import { nearestKey } from '../policy/nearest-key.ts';
import { quote } from '../policy/quote.ts';
import type { YamlEntry, YamlMap } from './yaml-node.ts';

/** Receives what is wrong in a line of a file. */
export type LineReport = (line: number, message: string) => void;

/** A value of a user in a message: quoted, and cut when it is long. */
export function quoteShort(value: string): string {
  const most = 100;
  return value.length > most ? `${quote(value.slice(0, most))}…` : quote(value);
}

/** The entries of a map by key. Reports each unknown key, and each key that is there already. */
export function readFields<Key extends string>(
  map: YamlMap,
  known: readonly Key[],
  report: LineReport,
): Partial<Record<Key, YamlEntry>> {
  const fields: Partial<Record<Key, YamlEntry>> = {};
  for (const entry of map.entries) {
    const key = known.find((name) => name === entry.key);
    const first = key === undefined ? undefined : fields[key];
    if (key === undefined) {
      report(entry.line, unknownKey(entry.key, known));
    } else if (first) {
      report(entry.line, `the key "${key}" is there twice: first on line ${first.line}`);
    } else {
      fields[key] = entry;
    }
  }
  return fields;
}

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestKey(key, known);
  const advice = nearest === undefined ? `the keys are ${known.join(', ')}` : `did you mean ${nearest}?`;
  return `unknown key ${quoteShort(key)}: ${advice}`;
}
