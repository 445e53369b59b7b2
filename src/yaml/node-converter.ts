// Turns the nodes of the library `yaml` into ours: aliases are followed, within a bound, and every scalar is a string.
import type { Alias, LineCounter, Node, Pair } from 'yaml';
import { maximumYamlRepetitions } from '../limits.ts';
import type { YamlEntry, YamlNode } from './yaml-node.ts';

/** The library, which is loaded only when a file needs it. */
export type YamlLibrary = typeof import('yaml');

/** Receives what is wrong at an offset of the text. */
export type Report = (offset: number, message: string) => void;

interface Anchored {
  readonly node: YamlNode;
  /** How many nodes it stands for, with those that it repeats. */
  readonly size: number;
}

/** Converts the documents of one file. */
export class NodeConverter {
  readonly #library: YamlLibrary;
  readonly #lines: LineCounter;
  readonly #report: Report;
  readonly #anchors = new Map<string, Anchored>();
  #size = 0;
  #repeated = 0;

  constructor(library: YamlLibrary, lines: LineCounter, report: Report) {
    this.#library = library;
    this.#lines = lines;
    this.#report = report;
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
      return { kind: 'list', line, items: node.items.map((item) => this.convert(item)) };
    }
    const isString = isScalar(node) && (node.source !== '' || node.type !== 'PLAIN');
    return isString ? { kind: 'string', line, value: node.source ?? '' } : { kind: 'empty', line };
  }

  #entry({ key: keyNode, value: valueNode }: Pair): YamlEntry[] {
    const key = this.convert(keyNode);
    if (key.kind !== 'string') {
      this.#report(this.#offsetOf(keyNode), 'a key must be a string');
      return [];
    }
    if (key.value === '<<') {
      this.#report(this.#offsetOf(keyNode), 'merge keys ("<<") are not supported: write the keys out');
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
      this.#report(this.#offsetOf(alias), `the alias *${alias.source} has no anchor before it`);
      return { kind: 'empty', line: this.#lineOf(alias) };
    }
    this.#size += anchored.size;
    this.#repeated += anchored.size;
    if (this.#repeated > maximumYamlRepetitions) {
      this.#report(
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
