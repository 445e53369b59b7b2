// White space in files that a build wrote, by Go's rules (unicode.IsSpace).

// Other than for JavaScript's `\s`, U+0085 is white space and the byte-order mark is not.
const space = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const separator = new RegExp(`[${space}]+`);
const outer = new RegExp(`^[${space}]+|[${space}]+$`, 'g');

/** The words of a string, split at white space as by Go's `strings.Fields`. */
export function splitFields(text: string): string[] {
  return text.split(separator).filter(Boolean);
}

/** A string without the white space around it, as by Go's `strings.TrimSpace`. */
export function trimSpace(text: string): string {
  return text.replace(outer, '');
}
