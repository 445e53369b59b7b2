// Reads the maps of a settings file key by key, with variables of the environment in the values, and errors by line.
import { UserError } from '../errors.ts';
import { nearestKey } from '../policy/nearest-key.ts';
import { quoteShort } from '../yaml/yaml-fields.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../yaml/yaml-node.ts';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the values of a settings file come from. */
export interface SettingsOrigin {
  /** The path of the file, as the user named it. */
  readonly file: string;
  readonly environment: Environment;
}

/** The error for a line of a settings file. Its message must not have a value in it: values may be secrets. */
export function settingsError(
  { file }: SettingsOrigin,
  line: number,
  message: string,
  hint?: string,
): UserError {
  return new UserError(`${file}:${line}: ${message}`, { hint });
}

/**
 * Reads one map, each key once. A key that is absent or has no value has the zero value of its type. Throws a UserError
 * with file and line for a value of another type and for a variable that is not set.
 */
export class SettingsReader {
  readonly #map: YamlMap;
  readonly #origin: SettingsOrigin;
  readonly #known: string[] = [];

  constructor(map: YamlMap, origin: SettingsOrigin) {
    this.#map = map;
    this.#origin = origin;
  }

  /** The line on which the map begins, or that of one of its keys. */
  line(key?: string): number {
    return this.#map.entries.find((entry) => entry.key === key)?.line ?? this.#map.line;
  }

  /** A string; numbers are strings as they are written. */
  string(key: string): string {
    const entry = this.#entry(key);
    return entry ? this.#text(entry.value, key) : '';
  }

  boolean(key: string): boolean {
    const entry = this.#entry(key);
    const text = entry ? this.#text(entry.value, key) : 'false';
    if (entry && text !== 'true' && text !== 'false') {
      throw this.#error(entry.value, `${key} must be true or false`);
    }
    return text === 'true';
  }

  /** A number above 0; undefined when it is absent. */
  positive(key: string): number | undefined {
    const entry = this.#entry(key);
    const text = entry ? this.#text(entry.value, key) : '';
    if (!entry || text === '') {
      return undefined;
    }
    const number = Number(text);
    if (!(number > 0 && Number.isFinite(number))) {
      throw this.#error(entry.value, `${key} must be a number above 0`);
    }
    return number;
  }

  strings(key: string): readonly string[] {
    return this.items(key).map((item) => this.#text(item, key));
  }

  /** A string, or a map with anything in it as a string of JSON. */
  stringOrObject(key: string): string {
    const entry = this.#entry(key);
    if (!entry) {
      return '';
    }
    return entry.value.kind === 'map'
      ? JSON.stringify(this.#json(entry.value, key))
      : this.#text(entry.value, key);
  }

  /** A map that `read` reads, an empty one where the key has no value; undefined when there is no such key. */
  statedMap<Value>(key: string, read: (reader: SettingsReader) => Value): Value | undefined {
    const entry = this.#entry(key);
    if (!entry) {
      return undefined;
    }
    const { kind, line } = entry.value;
    if (kind !== 'map' && kind !== 'empty') {
      throw this.#error(entry.value, `${key} must be a map`);
    }
    const map = kind === 'map' ? entry.value : { kind: 'map' as const, line, entries: [] };
    const reader = new SettingsReader(map, this.#origin);
    const value = read(reader);
    reader.rejectUnknown();
    return value;
  }

  /** A map of strings; an absent one is empty. */
  stringMap(key: string): Readonly<Record<string, string>> {
    const entry = this.#entry(key);
    if (!entry || entry.value.kind === 'empty') {
      return {};
    }
    if (entry.value.kind !== 'map') {
      throw this.#error(entry.value, `${key} must be a map`);
    }
    return Object.fromEntries(
      entry.value.entries.map(({ key: name, value }) => [name, this.#text(value, key)]),
    );
  }

  /** A list of maps, each read by `read`. */
  maps<Value>(key: string, read: (reader: SettingsReader) => Value): Value[] {
    return this.items(key).map((item) => {
      if (item.kind !== 'map') {
        throw this.#error(item, `each entry of ${key} must be a map`);
      }
      const reader = new SettingsReader(item, this.#origin);
      const value = read(reader);
      reader.rejectUnknown();
      return value;
    });
  }

  /** The items of a list. */
  items(key: string): readonly YamlNode[] {
    const entry = this.#entry(key);
    if (!entry || entry.value.kind === 'empty') {
      return [];
    }
    if (entry.value.kind !== 'list') {
      throw this.#error(entry.value, `${key} must be a list`);
    }
    return entry.value.items;
  }

  /** Throws a UserError for a key that was not read, with the nearest one that was. */
  rejectUnknown(): void {
    for (const { key, line } of this.#map.entries) {
      if (!this.#known.includes(key)) {
        const nearest = nearestKey(key, this.#known);
        throw settingsError(
          this.#origin,
          line,
          `unknown key ${quoteShort(key)}`,
          nearest === undefined ? `the keys are ${this.#known.join(', ')}` : `did you mean ${nearest}?`,
        );
      }
    }
  }

  #entry(key: string): YamlEntry | undefined {
    this.#known.push(key);
    const [entry, again] = this.#map.entries.filter((each) => each.key === key);
    if (again) {
      throw settingsError(this.#origin, again.line, `the key ${key} is there twice`);
    }
    return entry;
  }

  #text(node: YamlNode, key: string): string {
    if (node.kind === 'empty') {
      return '';
    }
    if (node.kind !== 'string') {
      throw this.#error(node, `${key} must be a string`);
    }
    return node.value.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => {
      const value = this.#origin.environment[name];
      if (value === undefined) {
        throw this.#error(node, `${key}: the variable ${name} is not set in the environment`);
      }
      return value;
    });
  }

  #json(node: YamlNode, key: string): unknown {
    switch (node.kind) {
      case 'map':
        return Object.fromEntries(node.entries.map((entry) => [entry.key, this.#json(entry.value, key)]));
      case 'list':
        return node.items.map((item) => this.#json(item, key));
      case 'empty':
        return null;
      case 'string':
        return this.#text(node, key);
    }
  }

  #error({ line }: YamlNode, message: string): UserError {
    return settingsError(this.#origin, line, message);
  }
}
