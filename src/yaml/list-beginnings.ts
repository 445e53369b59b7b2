// The first items of lists, taken out of the parser while the rest is parsed: the library needs half a kilobyte for each token.
import type { CST } from 'yaml';
import type { YamlNode } from './yaml-node.ts';

/** The parser still adds comments to the last items. */
const keptItems = 2;

/** What is converted of a list whose rest is still parsed. */
export interface ListBeginning {
  readonly line: number;
  readonly items: readonly YamlNode[];
}

/** The beginnings of the lists of one file. */
export class ListBeginnings {
  readonly #begun = new Map<CST.Token, { readonly line: number; readonly items: YamlNode[] }>();

  /** Takes the finished items of the outermost list of a parser's stack that has any; undefined when none has. */
  take(
    stack: readonly CST.Token[],
  ): { readonly list: CST.BlockSequence; readonly taken: CST.BlockSequence } | undefined {
    const list = stack.find(hasFinishedItems);
    return list && { list, taken: { ...list, items: list.items.splice(0, list.items.length - keptItems) } };
  }

  /** Keeps items that were taken from a list, as converted: they come first when the list itself is converted. */
  keep(list: CST.BlockSequence, { line, items }: ListBeginning): void {
    const begun = this.#begun.get(list) ?? { line, items: [] };
    this.#begun.set(list, begun);
    begun.items.push(...items);
  }

  /** What was converted of a list before the rest of it. */
  of(list: CST.Token): ListBeginning | undefined {
    return this.#begun.get(list);
  }
}

function hasFinishedItems(token: CST.Token): token is CST.BlockSequence {
  return token.type === 'block-seq' && token.items.length > keptItems;
}
