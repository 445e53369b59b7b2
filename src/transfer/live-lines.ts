// Lines at the end of a log that change in place. Pure: what is there and what shall be there → what to write.

/**
 * The text that turns the lines `shown` at the end of the output into `above` and, below that, the lines `wanted`.
 * The cursor is at the start of the line behind the last one, before and after. `above` is empty or whole lines.
 *
 * Only going up, erasing to the end of the line, and line feeds are used: that is what Concourse's build log has always
 * known. It can't erase everything below, and most of its versions print pieces of what would hide the cursor.
 */
export function redraw(shown: readonly string[], wanted: readonly string[], above: string): string {
  const settled = above.split('\n').slice(0, -1);
  const next = [...settled, ...wanted];
  const rows = Math.max(shown.length, next.length);
  // A line above may be longer than the terminal is wide: what is below it is not where it was.
  const isThere = (row: number) => settled.length === 0 && row < next.length && shown[row] === next[row];
  let first = 0;
  while (first < rows && isThere(first)) {
    first++;
  }
  if (first === rows) {
    return '';
  }
  let text = up(shown.length - first);
  for (let row = first; row < rows; row++) {
    text += isThere(row) ? '\n' : `${next[row] ?? ''}${row < shown.length ? '\x1b[K' : ''}\n`;
  }
  return text + up(rows - next.length);
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : '';
}
