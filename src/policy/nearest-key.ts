// Suggests the known name that is nearest to a misspelled one.
import { foldKey } from '../oci/json.ts';

/** The known name nearest to `name` by edit distance, in any letter case; undefined when more than a third of it differs. */
export function nearestKey(name: string, known: readonly string[]): string | undefined {
  const folded = foldKey(name);
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    if (Math.abs(candidate.length - folded.length) <= limit) {
      const distance = editDistance(folded, candidate);
      if (distance <= limit && distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
  }
  return nearest;
}

/** The Levenshtein distance: how many characters must be inserted, removed or replaced. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
