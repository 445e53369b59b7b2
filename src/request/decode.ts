// Decodes a JSON request into typed fields by the rules of Go's encoding/json, with unknown fields disallowed.
import { UserError } from '../errors.ts';
import { foldKey } from '../oci/json.ts';
import { nearestKey } from '../policy/nearest-key.ts';
import { type JsonMember, type JsonNode, scanJson, writeNode } from './json-scan.ts';
import { mismatch, quotePath } from './type-mismatch.ts';

/**
 * The result of `read` for the JSON object in `input`; a top-level `null` is an empty object. Every failure is a
 * UserError `invalid payload` with the reason as its cause; it names keys and types, never a value.
 */
export function decodeObject<T>(input: Uint8Array | string, read: (object: ObjectReader) => T): T {
  try {
    const text =
      typeof input === 'string' ? input : new TextDecoder('utf-8', { ignoreBOM: true }).decode(input);
    const node = scanJson(text);
    return readObjects(node.type === 'null' ? [] : [node], '', read);
  } catch (cause) {
    throw cause instanceof UserError ? new UserError('invalid payload', { cause }) : cause;
  }
}

/**
 * Reads the members of one JSON object by name, each name once; a name matches in any letter case. A member that is
 * absent or null has the zero value of its type: empty string, false, empty list, no object. Of repeated members the
 * last one counts. Throws a UserError for a member of another type.
 */
export class ObjectReader {
  readonly #path: string;
  readonly #members: readonly JsonMember[];
  readonly #known: string[] = [];

  constructor(path: string, members: readonly JsonMember[]) {
    this.#path = path;
    this.#members = members;
  }

  /** A string. */
  string(name: string): string {
    let text = '';
    for (const node of this.#values(name)) {
      if (node.type === 'string') {
        text = node.text;
      } else if (node.type !== 'null') {
        throw mismatch(node, this.#pathOf(name), 'string');
      }
    }
    return text;
  }

  /** A string, or a number or boolean as a string exactly as it is written in the document. */
  scalar(name: string): string {
    let text = '';
    for (const node of this.#values(name)) {
      if (node.type === 'object' || node.type === 'list') {
        throw mismatch(node, this.#pathOf(name), 'string or number');
      }
      text = node.type === 'null' ? '' : node.text;
    }
    return text;
  }

  /** A boolean. */
  boolean(name: string): boolean {
    let value = false;
    for (const node of this.#values(name)) {
      if (node.type === 'boolean') {
        value = node.text === 'true';
      } else if (node.type !== 'null') {
        throw mismatch(node, this.#pathOf(name), 'boolean');
      }
    }
    return value;
  }

  /** A string, or an object with any members as a string of JSON. */
  stringOrObject(name: string): string {
    let text = '';
    for (const node of this.#values(name)) {
      if (node.type !== 'string' && node.type !== 'object' && node.type !== 'null') {
        throw mismatch(node, this.#pathOf(name), 'string or object');
      }
      text = node.type === 'null' ? '' : node.type === 'string' ? node.text : writeNode(node);
    }
    return text;
  }

  /** A list of strings; `null` in it is an empty string. */
  strings(name: string): readonly string[] {
    let strings: readonly string[] = [];
    for (const node of this.#values(name)) {
      if (node.type !== 'list' && node.type !== 'null') {
        throw mismatch(node, this.#pathOf(name), 'list of strings');
      }
      strings = node.type === 'list' ? itemStrings(node.items, this.#pathOf(name)) : [];
    }
    return strings;
  }

  /** A boolean, or a list of strings in which `null` is an empty string. */
  booleanOrStrings(name: string): boolean | readonly string[] {
    let value: boolean | readonly string[] = false;
    for (const node of this.#values(name)) {
      if (node.type === 'list') {
        value = itemStrings(node.items, this.#pathOf(name));
      } else if (node.type === 'boolean' || node.type === 'null') {
        value = node.type === 'boolean' && node.text === 'true';
      } else {
        throw mismatch(node, this.#pathOf(name), 'boolean or list of strings');
      }
    }
    return value;
  }

  /** The same, or undefined when there is none. */
  optionalBooleanOrStrings(name: string): boolean | readonly string[] | undefined {
    const isThere = this.#members.some(({ key, value }) => foldKey(key) === name && value.type !== 'null');
    const value = this.booleanOrStrings(name);
    return isThere ? value : undefined;
  }

  /** An object; an absent one has zero values only. The members of repeated objects are merged. */
  object<T>(name: string, read: (object: ObjectReader) => T): T {
    const nodes = this.#values(name).filter((node) => node.type !== 'null');
    return readObjects(nodes, this.#pathOf(name), read);
  }

  /** An object, or undefined. The members of repeated objects are merged; a `null` discards the objects before it. */
  optionalObject<T>(name: string, read: (object: ObjectReader) => T): T | undefined {
    const nodes = this.#values(name);
    const kept = nodes.slice(nodes.findLastIndex((node) => node.type === 'null') + 1);
    return kept.length === 0 ? undefined : readObjects(kept, this.#pathOf(name), read);
  }

  /**
   * The `value` that was read of a member, or undefined when there is no such member. A `null` is an empty value: what protects
   * something must not be switched off by a value that is missing.
   */
  stated<T>(name: string, value: T): T | undefined {
    return this.#members.some(({ key }) => foldKey(key) === name) ? value : undefined;
  }

  /**
   * One object, as {@link optionalObject} reads it, or a list of objects; `readString` reads a string in the list. Of
   * repeated members the last list counts, or the objects after it.
   */
  objects<T>(name: string, read: (object: ObjectReader) => T, readString: (item: string) => T): readonly T[] {
    const nodes = this.#values(name);
    const last = nodes.findLastIndex(({ type }) => type === 'null' || type === 'list');
    const kept = nodes.slice(last + 1);
    if (kept.length > 0) {
      return [readObjects(kept, this.#pathOf(name), read)];
    }
    const list = nodes[last];
    const items = list?.type === 'list' ? list.items : [];
    return items.map((item, position) =>
      item.type === 'string'
        ? readString(item.text)
        : readObjects([item], `${this.#pathOf(name)}[${position}]`, read),
    );
  }

  /** The names that were read so far. */
  get knownKeys(): readonly string[] {
    return this.#known;
  }

  /** A string, or an object; undefined when there is none. Of repeated members the last one counts. */
  stringOrObjectOf<T>(name: string, read: (object: ObjectReader) => T): string | T | undefined {
    const node = this.#values(name).at(-1);
    if (node === undefined || node.type === 'null') {
      return undefined;
    }
    if (node.type !== 'string' && node.type !== 'object') {
      throw mismatch(node, this.#pathOf(name), 'string or object');
    }
    return node.type === 'string' ? node.text : readObjects([node], this.#pathOf(name), read);
  }

  /** An object whose members are strings, numbers or booleans, as they are written; an absent one is empty. */
  stringMap(name: string): Readonly<Record<string, string>> {
    const entries: [string, string][] = [];
    for (const node of this.#values(name)) {
      if (node.type === 'null') {
        continue;
      }
      if (node.type !== 'object') {
        throw mismatch(node, this.#pathOf(name), 'object');
      }
      for (const { key, value } of node.members) {
        if (value.type === 'object' || value.type === 'list') {
          throw mismatch(value, `${this.#pathOf(name)}.${key}`, 'string or number');
        }
        entries.push([key, value.type === 'null' ? '' : value.text]);
      }
    }
    return Object.fromEntries(entries);
  }

  /** Throws a UserError when the object has a member that was not read, with the nearest known name as its hint. */
  rejectUnknown(): void {
    for (const { key } of this.#members) {
      if (!this.#known.includes(foldKey(key))) {
        const nearest = nearestKey(key, this.#known);
        const hint = nearest === undefined ? `known: ${this.#known.join(', ')}` : `did you mean ${nearest}?`;
        const facts = { object: this.#path, key };
        throw new UserError(`unknown field ${quotePath(this.#pathOf(key))}`, {
          code: 'UNKNOWN_FIELD',
          facts,
          hint,
        });
      }
    }
  }

  #values(name: string): readonly JsonNode[] {
    this.#known.push(name);
    return this.#members.filter(({ key }) => foldKey(key) === name).map(({ value }) => value);
  }

  #pathOf(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}

function readObjects<T>(nodes: readonly JsonNode[], path: string, read: (object: ObjectReader) => T): T {
  const members = nodes.flatMap((node) => {
    if (node.type !== 'object') {
      throw mismatch(node, path, 'object');
    }
    return node.members;
  });
  const reader = new ObjectReader(path, members);
  const value = read(reader);
  reader.rejectUnknown();
  return value;
}

function itemStrings(items: readonly JsonNode[], path: string): readonly string[] {
  return items.map((item, position) => {
    if (item.type !== 'string' && item.type !== 'null') {
      throw mismatch(item, `${path}[${position}]`, 'string');
    }
    return item.type === 'null' ? '' : item.text;
  });
}
