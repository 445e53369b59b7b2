// Tables, lists and JSON documents of the answers on standard output.
import { collectGarbage } from '../garbage.ts';

const largePart = 256 * 1024;
/** After so many parts garbage is collected: strings are counted little by the runtimes. */
const partsPerCollection = 16;

/** One JSON document and a line feed. */
export function jsonAnswer(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Lines with the cells of each row below each other; none without rows. The last column is not padded. */
export function tableText(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [...tableLines(header, rows, (row) => row)].join('');
}

/** The lines of a table one after the other; the cells of an item are asked for twice, and not kept. */
export function* tableLines<Item>(
  header: readonly string[],
  items: Iterable<Item>,
  cellsOf: (item: Item) => readonly string[],
): Generator<string> {
  const widths = header.map((title) => title.length);
  for (const item of items) {
    for (const [column, cell] of cellsOf(item).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, printable(cell).length);
    }
  }
  const line = (cells: readonly string[]) =>
    `${cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}\n`;
  let isEmpty = true;
  for (const item of items) {
    if (isEmpty) {
      yield line(header);
      isEmpty = false;
    }
    yield line(cellsOf(item).map(printable));
  }
}

/** Parts of a text put together to larger ones, since each write costs time. */
export function* inLargeParts(parts: Iterable<string>): Generator<string> {
  let collected = '';
  let yielded = 0;
  for (const part of parts) {
    collected += part;
    if (collected.length >= largePart) {
      yield collected;
      collected = '';
      if (++yielded % partsPerCollection === 0) {
        collectGarbage();
      }
    }
  }
  yield collected;
}

/** A foreign string with its control characters escaped: it must not control the terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** `1 tag`, `2 tags`. */
export function counted(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}
