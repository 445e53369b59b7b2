// Redraws lines at the end of a log in place. Pure: the lines shown and the lines wanted → what to write.

/**
 * The output that turns the lines `shown` at the end of the log into `above` followed by the lines `wanted`. The cursor
 * is at the start of the line after the last one, before and after. `above` is empty or whole lines.
 *
 * Uses only cursor up, erase to the end of the line, and line feeds, which every version of Concourse's build log knows.
 * It cannot erase everything below, and most versions print parts of the sequence that hides the cursor.
 */
export function redraw(shown: readonly string[], wanted: readonly string[], above: string): string {
  const settled = above.split('\n').slice(0, -1);
  const next = [...settled, ...wanted];
  const rows = Math.max(shown.length, next.length);
  // A line above may be wider than the terminal, and move everything below it.
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
