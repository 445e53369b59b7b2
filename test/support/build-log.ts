// What Concourse's build log shows of an output: the escape sequences that its parser knows, and no others.

/**
 * The lines shown. Carriage return, line feed, cursor up, erasing to the end of the line and colours are
 * known. Another escape sequence, or a move above the first line, is an error.
 */
export function buildLogLines(output: string): string[] {
  const lines: string[] = [];
  let [row, column] = [0, 0];
  for (const [piece] of output.matchAll(/\x1b\[(\d*)([A-Za-z])|\x1b|\n|\r|[^\x1b\n\r]+/g)) {
    const sequence = /^\x1b\[(\d*)([AKm])$/.exec(piece);
    const line = lines[row] ?? '';
    if (piece === '\n') {
      lines[row] = line;
      [row, column] = [row + 1, 0];
    } else if (piece === '\r') {
      column = 0;
    } else if (sequence?.[2] === 'A') {
      row -= Number(sequence[1] || 1);
    } else if (sequence?.[2] === 'K') {
      lines[row] = line.slice(0, column);
    } else if (piece.startsWith('\x1b')) {
      if (!sequence) {
        throw new Error(`${JSON.stringify(piece)} is not known to the build log`);
      }
    } else {
      lines[row] = line.slice(0, column).padEnd(column) + piece + line.slice(column + piece.length);
      column += piece.length;
    }
    if (row < 0) {
      throw new Error('the cursor moved above the first line');
    }
  }
  return lines;
}
