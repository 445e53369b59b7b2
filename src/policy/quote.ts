// Quotes a value of a user in a message, with invisible characters escaped, as Go's %q does.

const shortEscapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** A value in double quotes, escaped as by Go's `%q`, which upstream uses for values of users. */
export function quote(value: string): string {
  let escaped = '';
  for (const character of value) {
    escaped += shortEscapes[character] ?? (printable.test(character) ? character : numericEscape(character));
  }
  return `"${escaped}"`;
}

function numericEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = (count: number) => code.toString(16).padStart(count, '0');
  if (code < 0x20 || code === 0x7f) {
    return `\\x${digits(2)}`;
  }
  return code < 0x10000 ? `\\u${digits(4)}` : `\\U${digits(8)}`;
}
