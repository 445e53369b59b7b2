// Turns the nodes of the library `yaml` into ours: aliases are followed, within a bound, and every scalar is a string.
import type { Alias, LineCounter, Node, Pair } from 'yaml';
import { maximumYamlRepetitions } from '../limits.ts';
import type { ErrorList } from './error-list.ts';
import type { ListBeginnings } from './list-beginnings.ts';
import type { YamlEntry, YamlNode } from './yaml-node.ts';

/** The library, which is loaded only when a file needs it. */
export type YamlLibrary = typeof import('yaml');

interface Anchored {
  readonly node: YamlNode;
  /** How many nodes it stands for, with those that it repeats. */
  readonly size: number;
}

/** Converts the documents of one file. */
export class NodeConverter {
  readonly #library: YamlLibrary;
  readonly #lines: LineCounter;
  readonly #errors: ErrorList;
  readonly #beginnings: ListBeginnings;
  readonly #texts = new Map<string, string>();
  readonly #anchors = new Map<string, Anchored>();
  #size = 0;
  #repeated = 0;

  constructor(library: YamlLibrary, lines: LineCounter, beginnings: ListBeginnings, errors: ErrorList) {
    this.#library = library;
    this.#lines = lines;
    this.#beginnings = beginnings;
    this.#errors = errors;
  }

  /** The value of a node. What cannot be a value is reported, and becomes an empty one. */
  convert(node: unknown): YamlNode {
    const { isAlias, isNode } = this.#library;
    if (!isNode(node)) {
      return { kind: 'empty', line: 1 };
    }
    if (isAlias(node)) {
      return this.#repeat(node);
    }
    const before = this.#size;
    this.#size += 1;
    const converted = this.#value(node);
    if (node.anchor !== undefined) {
      this.#anchors.set(node.anchor, { node: converted, size: this.#size - before });
    }
    return converted;
  }

  #value(node: Exclude<Node, Alias>): YamlNode {
    const { isMap, isScalar, isSeq } = this.#library;
    const line = this.#lineOf(node);
    if (isMap(node)) {
      return { kind: 'map', line, entries: node.items.flatMap((pair) => this.#entry(pair)) };
    }
    if (isSeq(node)) {
      const begun = (node.srcToken && this.#beginnings.of(node.srcToken)) ?? { line, items: [] };
      const items = [...begun.items, ...node.items.map((item) => this.convert(item))];
      return { kind: 'list', line: begun.line, items };
    }
    const isString = isScalar(node) && (node.source !== '' || node.type !== 'PLAIN');
    return isString
      ? { kind: 'string', line, value: this.#once(node.source ?? '') }
      : { kind: 'empty', line };
  }

  /**
   * The same text, each once. The library puts quoted ones together by character, and the runtimes hold every step, 2 KB for a
   * digest, until a text is needed as a whole, as it is for a map.
   */
  #once(text: string): string {
    const known = this.#texts.get(text) ?? text;
    this.#texts.set(known, known);
    return known;
  }

  #entry({ key: keyNode, value: valueNode }: Pair): YamlEntry[] {
    const key = this.convert(keyNode);
    if (key.kind !== 'string') {
      this.#errors.add(this.#offsetOf(keyNode), 'a key must be a string');
      return [];
    }
    if (key.value === '<<') {
      this.#errors.add(this.#offsetOf(keyNode), 'merge keys ("<<") are not supported: write the keys out');
      return [];
    }
    const line = this.#lineOf(keyNode);
    const value = this.convert(valueNode);
    // Where an absent value is depends on the comments after it; the key says more.
    return [{ key: key.value, line, value: value.kind === 'empty' ? { ...value, line } : value }];
  }

  #repeat(alias: Alias): YamlNode {
    const anchored = this.#anchors.get(alias.source);
    if (!anchored) {
      this.#errors.add(this.#offsetOf(alias), `the alias *${alias.source} has no anchor before it`);
      return { kind: 'empty', line: this.#lineOf(alias) };
    }
    this.#size += anchored.size;
    this.#repeated += anchored.size;
    if (this.#repeated > maximumYamlRepetitions) {
      this.#errors.add(
        this.#offsetOf(alias),
        `aliases repeat more than ${maximumYamlRepetitions} values: write them out`,
      );
      return { kind: 'empty', line: this.#lineOf(alias) };
    }
    return anchored.node;
  }

  #lineOf(node: unknown): number {
    return this.#lines.linePos(this.#offsetOf(node)).line;
  }

  #offsetOf(node: unknown): number {
    return this.#library.isNode(node) ? (node.range?.[0] ?? 0) : 0;
  }
}
