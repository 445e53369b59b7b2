// Tables, lists and JSON documents of the answers on standard output.

/** One JSON document and a line feed. */
export function jsonAnswer(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Lines with the cells of each row below each other; none without rows. The last column is not padded. */
export function tableText(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) {
    return '';
  }
  const all = [header, ...rows.map((row) => row.map(printable))];
  const widths = header.map((_, column) =>
    all.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  const lines = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
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
