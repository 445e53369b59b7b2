// Prints rows as a table: aligned for a terminal, and valid Markdown.

/** A table in Markdown; the first `left` columns are aligned to the left, the others to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left = 1,
): string {
  const widths = head.map((text, column) =>
    Math.max(3, text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const padded = (row: readonly string[]) =>
    line(
      widths.map((width, column) => {
        const text = row[column] ?? '';
        return column < left ? text.padEnd(width) : text.padStart(width);
      }),
    );
  const rule = widths.map((width, column) =>
    column < left ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return padded(head) + line(rule) + rows.map(padded).join('');
}
