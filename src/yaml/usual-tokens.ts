// Converts what usual files consist of from the tokens of the library's parser: its composer takes a third of all the time.
import type { CST, LineCounter } from 'yaml';
import type { ListBeginnings } from './list-beginnings.ts';
import { TokenLines } from './token-lines.ts';
import { isScalar, textOf } from './usual-scalar.ts';
import {
  endOf,
  endOfEmpty,
  hasNewline,
  isAround,
  isBlank,
  isBlankType,
  type Tokens,
} from './white-space-tokens.ts';
import type { YamlEntry, YamlList, YamlMap, YamlNode, YamlString } from './yaml-node.ts';

/** YAML 1.2.2, section 7.4.2: so many characters may be between the start of a key in a block and its colon. */
const longestKey = 1024;

type MapItem = CST.BlockMap['items'][number];

/**
 * Converts maps, lists, and plain and quoted scalars of one line, with comments. Whatever else a token is or holds makes the
 * result undefined, without an effect: an anchor, alias, tag, directive, block scalar, escape, explicit key, tab, and all that
 * the composer reports as malformed. Then the composer decides, and words what is wrong. A test compares both.
 */
export class UsualTokens {
  readonly #lines: TokenLines;
  readonly #beginnings: ListBeginnings;
  /** Where what was converted last ends, with the comments after it: the third place of the composer's ranges. */
  #end = 0;

  constructor(lines: LineCounter, beginnings: ListBeginnings) {
    this.#lines = new TokenLines(lines);
    this.#beginnings = beginnings;
  }

  /** The value of a file with one document, from all tokens of its stream. */
  stream(tokens: readonly CST.Token[]): YamlNode | undefined {
    const [document, ...others] = tokens.filter(({ type }) => !isBlankType(type));
    return document?.type === 'document' && others.length === 0 ? this.#document(document) : undefined;
  }

  /** The items of a list, and where the last one of them ends, with the comments after it. */
  list(list: CST.BlockSequence): { readonly list: YamlList; readonly end: number } | undefined {
    const line = this.#lines.at(list.offset);
    const items = this.#items(list);
    return items && { list: { kind: 'list', line, items }, end: this.#end };
  }

  #document({ start, value, end }: CST.Document): YamlNode | undefined {
    const marker = start.findIndex(({ type }) => type === 'doc-start');
    const isUsual = isAround(start, marker, true) && (marker < 0 || hasNewline(start)) && isBlank(end);
    return value && isUsual ? this.#value(value) : undefined;
  }

  #value(token: CST.Token): YamlNode | undefined {
    switch (token.type) {
      case 'block-map':
        return this.#blockMap(token);
      case 'block-seq':
        return this.#blockList(token);
      default:
        return this.#flowValue(token);
    }
  }

  #flowValue(token: CST.Token): YamlNode | undefined {
    switch (token.type) {
      case 'flow-collection':
        return token.start.source === '[' ? this.#flowList(token) : this.#flowMap(token);
      case 'scalar':
      case 'single-quoted-scalar':
      case 'double-quoted-scalar':
        return this.#scalar(token);
      default:
        return undefined;
    }
  }

  #scalar(token: CST.FlowScalar): YamlString | undefined {
    const { offset, end } = token;
    const value = textOf(token);
    if (value === undefined || !isBlank(end)) {
      return undefined;
    }
    this.#end = endOf(end, offset + token.source.length);
    return { kind: 'string', line: this.#lines.at(offset), value };
  }

  #blockList(token: CST.BlockSequence): YamlList | undefined {
    const begun = this.#beginnings.of(token);
    const line = begun?.line ?? this.#lines.at(token.offset);
    const items = this.#items(token);
    const last = token.items.at(-1);
    if (last && !last.value && !last.start.some(isItemIndicator)) {
      this.#end = endOf(last.start, this.#end);
    }
    return items && { kind: 'list', line, items: begun ? [...begun.items, ...items] : items };
  }

  #items({ offset, items }: CST.BlockSequence): YamlNode[] | undefined {
    this.#end = offset;
    const nodes: YamlNode[] = [];
    for (const { start, value } of items) {
      const indicator = start.findIndex(isItemIndicator);
      if (indicator < 0) {
        // Comments after the last item may be an item of their own.
        if (value || !isBlank(start, true)) {
          return undefined;
        }
        continue;
      }
      const node = isAround(start, indicator, true) ? this.#item(start, indicator, value) : undefined;
      if (!node) {
        return undefined;
      }
      nodes.push(node);
    }
    return nodes;
  }

  #item(start: Tokens, indicator: number, value: CST.Token | undefined): YamlNode | undefined {
    if (value) {
      return this.#value(value);
    }
    this.#end = endOfEmpty(start, indicator);
    return { kind: 'empty', line: this.#lines.at(start[indicator]?.offset ?? 0) };
  }

  #blockMap({ offset, indent, items }: CST.BlockMap): YamlMap | undefined {
    const line = this.#lines.at(offset);
    const entries: YamlEntry[] = [];
    this.#end = offset;
    for (const item of items) {
      const { start, key, sep } = item;
      if (!isBlank(start, true)) {
        return undefined;
      }
      if (!key && !sep && item === items.at(-1)) {
        // Comments after the last entry.
        this.#end = endOf(start, this.#end);
        break;
      }
      const entry = isKeyAt(key, indent) ? this.#blockEntry(item, key) : undefined;
      if (!entry) {
        return undefined;
      }
      entries.push(entry);
    }
    return { kind: 'map', line, entries };
  }

  #blockEntry({ start, sep = [], value }: MapItem, key: CST.FlowScalar): YamlEntry | undefined {
    const before = endOf(start, this.#end);
    const colon = sep[0]?.type === 'space' ? 1 : 0;
    const isFar = (sep[colon]?.offset ?? 0) - before > longestKey;
    const isUsual = !isFar && (!isBlock(value) || hasNewline(sep));
    return isUsual ? this.#entry(key, sep, colon, value) : undefined;
  }

  /** An entry whose colon has a place in the tokens between key and value. */
  #entry(
    key: CST.FlowScalar,
    sep: Tokens,
    colon: number,
    value: CST.Token | undefined,
  ): YamlEntry | undefined {
    const text = textOf(key);
    if (
      text === undefined ||
      text === '<<' ||
      key.end ||
      sep[colon]?.type !== 'map-value-ind' ||
      !isAround(sep, colon, false)
    ) {
      return undefined;
    }
    const line = this.#lines.at(key.offset);
    if (!value) {
      this.#end = endOfEmpty(sep, colon);
      return { key: text, line, value: { kind: 'empty', line } };
    }
    const node = this.#value(value);
    return node && { key: text, line, value: node };
  }

  #flowList(token: CST.FlowCollection): YamlList | undefined {
    const line = this.#lines.at(token.offset);
    const items: YamlNode[] = [];
    const isUsual = this.#flowItems(token, ']', ({ key, sep, value }) => {
      const node = value && !key && !sep ? this.#flowValue(value) : undefined;
      return node !== undefined && items.push(node) > 0;
    });
    return isUsual ? { kind: 'list', line, items } : undefined;
  }

  #flowMap(token: CST.FlowCollection): YamlMap | undefined {
    const line = this.#lines.at(token.offset);
    const entries: YamlEntry[] = [];
    const isUsual = this.#flowItems(token, '}', ({ key, sep = [], value }) => {
      const colon = sep[0]?.type === 'space' ? 1 : 0;
      const entry = isScalar(key) && !isBlock(value) ? this.#entry(key, sep, colon, value) : undefined;
      return entry !== undefined && entries.push(entry) > 0;
    });
    return isUsual ? { kind: 'map', line, entries } : undefined;
  }

  /** Converts each item by a function, which tells whether the item is usual; whether all is. */
  #flowItems(
    { items, end }: CST.FlowCollection,
    close: string,
    convert: (item: CST.CollectionItem) => boolean,
  ): boolean {
    for (const [index, item] of items.entries()) {
      const comma = item.start.findIndex(isComma);
      // What is after the last comma, or after a collection, may be an item of its own.
      const isLastSpace = index === items.length - 1 && !item.key && !item.sep && !item.value;
      const isSeparated = index === 0 ? comma < 0 : comma >= 0 || isLastSpace;
      if (!isSeparated || !isAround(item.start, comma, false) || !(isLastSpace || convert(item))) {
        return false;
      }
    }
    const [first] = end;
    if (first?.source !== close || !isBlank(end.slice(1))) {
      return false;
    }
    this.#end = endOf(end, 0);
    return true;
  }
}

function isKeyAt(token: CST.Token | null | undefined, indent: number): token is CST.FlowScalar {
  return isScalar(token) && token.indent === indent;
}

function isBlock(token: CST.Token | undefined): boolean {
  return token?.type === 'block-map' || token?.type === 'block-seq';
}

function isItemIndicator({ type }: CST.SourceToken): boolean {
  return type === 'seq-item-ind';
}

function isComma({ type }: CST.SourceToken): boolean {
  return type === 'comma';
}
