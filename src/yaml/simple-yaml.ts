// Reads usual YAML in one pass, ten times faster than the library, and leaves unusual YAML to the library.
import { maximumYamlDepth } from '../limits.ts';
import { LineScanner } from './line-scanner.ts';
import type { YamlEntry, YamlNode } from './yaml-node.ts';

type Container =
  | { readonly kind: 'map'; readonly line: number; readonly entries: WritableEntry[] }
  | { readonly kind: 'list'; readonly line: number; readonly items: YamlNode[] };

type WritableEntry = { -readonly [key in keyof YamlEntry]: YamlEntry[key] };

/** A map or a list that further lines may continue. */
interface Level {
  readonly indent: number;
  readonly container: Container;
  /** Whether the last key or item has no value yet: a deeper line begins it. */
  waiting: boolean;
}

/**
 * The value of a file of block maps and lists, strings of one line in ASCII, flow lists of them on one line, and comments.
 * Undefined when there is anything else, be it valid or not: then only the library can say what it means.
 */
export function readSimpleYaml(text: string): YamlNode | undefined {
  return new SimpleReader(text).read();
}

class SimpleReader {
  readonly #scanner: LineScanner;
  readonly #levels: Level[] = [];
  #root: YamlNode = { kind: 'empty', line: 1 };

  constructor(text: string) {
    this.#scanner = new LineScanner(text);
  }

  read(): YamlNode | undefined {
    const scanner = this.#scanner;
    while (!scanner.isAtEnd) {
      scanner.spaces();
      if (!(scanner.isLineEnd() || this.#readItem()) || !scanner.endLine()) {
        return undefined;
      }
    }
    return this.#root;
  }

  #readItem(): boolean {
    const scanner = this.#scanner;
    const { line, column } = scanner;
    if (!scanner.indicator('-')) {
      return this.#readEntry();
    }
    if (!this.#open('list', column)) {
      return false;
    }
    this.#wait({ kind: 'empty', line });
    return scanner.isLineEnd() || (this.#readFlow() ?? this.#readEntry(true));
  }

  /** A key with its value or, where it may be an item, a string. */
  #readEntry(mayBeItem = false): boolean {
    const scanner = this.#scanner;
    const { line, column } = scanner;
    const value = scanner.scalar();
    if (value === undefined) {
      return false;
    }
    if (!scanner.indicator(':')) {
      return mayBeItem && this.#fill({ kind: 'string', line, value });
    }
    if (!this.#open('map', column)) {
      return false;
    }
    this.#wait({ kind: 'empty', line }, value);
    return scanner.isLineEnd() || (this.#readFlow() ?? this.#readString());
  }

  #readString(): boolean {
    const { line } = this.#scanner;
    const value = this.#scanner.scalar();
    return value !== undefined && this.#fill({ kind: 'string', line, value });
  }

  /** A flow list of strings on one line, or an empty flow map; undefined when no bracket opens one. */
  #readFlow(): boolean | undefined {
    const scanner = this.#scanner;
    const { line } = scanner;
    if (scanner.flow('{')) {
      return scanner.flow('}') && this.#fill({ kind: 'map', line, entries: [] });
    }
    if (!scanner.flow('[')) {
      return undefined;
    }
    const items: YamlNode[] = [];
    for (let isLast = false; !scanner.flow(']'); isLast = !scanner.flow(',')) {
      const value = isLast ? undefined : scanner.scalar();
      if (value === undefined) {
        return false;
      }
      items.push({ kind: 'string', line, value });
      scanner.spaces();
    }
    return this.#fill({ kind: 'list', line, items });
  }

  /** Continues or begins a map or a list in a column; false when the indentation does not fit. */
  #open(kind: Container['kind'], indent: number): boolean {
    let top = this.#levels.at(-1);
    // A list may have the column of the key that it is the value of: a further key then ends the list.
    while (top && (top.indent > indent || (top.indent === indent && isListBefore(top, kind)))) {
      this.#levels.pop();
      top = this.#levels.at(-1);
    }
    if (top?.indent === indent && top.container.kind === kind) {
      return true;
    }
    const isDeeper = !top || indent > top.indent || kind === 'list';
    const isAwaited = top ? top.waiting : this.#root.kind === 'empty';
    if (!isDeeper || !isAwaited || this.#levels.length >= maximumYamlDepth) {
      return false;
    }
    const { line } = this.#scanner;
    const container: Container = kind === 'map' ? { kind, line, entries: [] } : { kind, line, items: [] };
    this.#fill(container);
    this.#levels.push({ indent, container, waiting: false });
    return true;
  }

  /** Adds a key or an item without a value. */
  #wait(value: YamlNode, key = ''): void {
    const level = this.#levels.at(-1);
    if (level) {
      level.waiting = true;
      if (level.container.kind === 'map') {
        level.container.entries.push({ key, line: value.line, value });
      } else {
        level.container.items.push(value);
      }
    }
  }

  /** Sets the value that the innermost key or item waits for. */
  #fill(value: YamlNode): true {
    const level = this.#levels.at(-1);
    if (!level) {
      this.#root = value;
      return true;
    }
    level.waiting = false;
    if (level.container.kind === 'list') {
      level.container.items[level.container.items.length - 1] = value;
    } else {
      const entry = level.container.entries.at(-1);
      if (entry) {
        entry.value = value;
      }
    }
    return true;
  }
}

function isListBefore({ container }: Level, kind: Container['kind']): boolean {
  return container.kind === 'list' && kind === 'map';
}
