// Takes the first items of a list out of the parser, while the rest is parsed: the library needs half a kilobyte for each token.
import type { CST } from 'yaml';

/** The parser still adds comments to the last items. */
const keptItems = 2;

/** The first items of a list, as a document of their own. */
export interface ListBeginning {
  /** The list that they were taken from. */
  readonly list: CST.BlockSequence;
  readonly document: CST.Document;
}

/** Takes the finished items of the outermost list of a parser's stack that has any; undefined when none has. */
export function takeBeginning(stack: readonly CST.Token[]): ListBeginning | undefined {
  const list = stack.find(hasFinishedItems);
  if (!list) {
    return undefined;
  }
  const items = list.items.splice(0, list.items.length - keptItems);
  const { offset } = list;
  return { list, document: { type: 'document', offset, start: [], value: { ...list, items } } };
}

function hasFinishedItems(token: CST.Token): token is CST.BlockSequence {
  return token.type === 'block-seq' && token.items.length > keptItems;
}
