// Reads a list for mirror of plain lines: a source, and a destination unless --to names it.
import type { MirrorEntries } from './mirror-entries.ts';
import type { LineString } from './mirror-fields.ts';

/** The characters that begin a key, a list, a document or a JSON object in YAML, and no reference. */
const yamlStart = /^[-{["'%&*!|>?,\]}@`]/;

/** Whether a file has plain lines: its first word is no YAML. */
export function isPlainLines(text: string): boolean {
  const [first] = linesOf(text);
  const word = first?.words[0] ?? '';
  return word !== '' && !yamlStart.test(word) && !word.endsWith(':');
}

/** Adds the entries of lines `SRC DST`. A `#` begins a comment at the beginning of a word. */
export function readPlainLines(text: string, list: MirrorEntries): void {
  for (const { line, words } of linesOf(text)) {
    const [source, destination, ...rest] = words.map((value): LineString => ({ value, line }));
    if (rest.length > 0) {
      list.problems.error(line, `a line is a source and a destination, but here are ${words.length} words`);
    } else if (source) {
      list.add({ source, destination, tags: [], filters: [] });
    }
  }
}

function linesOf(text: string): { readonly line: number; readonly words: readonly string[] }[] {
  return text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((content, index) => {
      const words = content.trim() === '' ? [] : content.trim().split(/\s+/);
      const comment = words.findIndex((word) => word.startsWith('#'));
      return { line: index + 1, words: comment < 0 ? words : words.slice(0, comment) };
    })
    .filter(({ words }) => words.length > 0);
}
