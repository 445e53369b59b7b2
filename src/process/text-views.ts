// A string with its escapes decoded, and the place of each part in what was written. Pure.

/**
 * A string of bytes (each character is one byte of UTF-8), which is a written one or what that means. The bytes from
 * `start` to `end` were written from `from(start)` to `from(end)`.
 */
export interface TextView {
  readonly bytes: string;
  from(position: number): number;
}

const escapes =
  /%[\da-f]{2}|\\ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|\\u[\da-f]{4}|\\x[\da-f]{2}|\\["'\\/abfnrtv]|&(?:#\d{1,7}|#x[\da-f]{1,6}|amp|lt|gt|quot|apos);|\+/gi;
const backslashed: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What an escape begins with, but for the `+` of forms. */
const escapeStart = /[%\\&]/;

/**
 * The string itself and its decoded forms: percent-encoding, the escapes of JSON, Go and HTML, and one inside another.
 * With `forms` also one in which `+` is a space. Takes time in proportion to the string.
 */
export function textViews(bytes: string, forms: boolean): TextView[] {
  const whole: TextView = { bytes, from: (position) => position };
  const once = escapeStart.test(bytes) ? decodeEscapes(whole, '+') : undefined;
  const twice = once && escapeStart.test(once.bytes) ? decodeEscapes(once, '+') : undefined;
  const form = forms && bytes.includes('+') ? decodeEscapes(whole, ' ') : undefined;
  return [whole, once, twice, form].filter((view) => view !== undefined);
}

/** The view with its escapes decoded, and `+` as `plus`; undefined when there are none. */
function decodeEscapes(view: TextView, plus: '+' | ' '): TextView | undefined {
  const { bytes } = view;
  const pieces: string[] = [];
  /** For each decoded byte where it begins in `bytes`; no escape is shorter than what it means. */
  const starts = new Uint32Array(bytes.length + 1);
  let length = 0;
  let rest = 0;
  let changed = false;
  const keepUntil = (end: number) => {
    pieces.push(bytes.slice(rest, end));
    for (let position = rest; position < end; position++) {
      starts[length++] = position;
    }
  };
  for (const { 0: written, index } of bytes.matchAll(escapes)) {
    const meant = written === '+' ? plus : decodeEscape(written);
    changed ||= meant !== written;
    keepUntil(index);
    pieces.push(meant);
    starts.fill(index, length, length + meant.length);
    length += meant.length;
    rest = index + written.length;
  }
  if (!changed) {
    return undefined;
  }
  keepUntil(bytes.length);
  starts[length] = bytes.length;
  return { bytes: pieces.join(''), from: (position) => view.from(starts[position] ?? bytes.length) };
}

function decodeEscape(written: string): string {
  const [first, second = ''] = written;
  if (first === '%') {
    return String.fromCharCode(Number.parseInt(written.slice(1), 16));
  }
  if (first === '\\') {
    switch (second.toLowerCase()) {
      case 'u':
        return toBytes(fromCodeUnits(written));
      case 'x':
        return String.fromCharCode(Number.parseInt(written.slice(2), 16));
      default:
        return backslashed[second] ?? second;
    }
  }
  const name = written.slice(1, -1);
  if (second !== '#') {
    return entities[name.toLowerCase()] ?? written;
  }
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code <= 0x10ffff ? toBytes(String.fromCodePoint(code)) : written;
}

/** The character of `\uXXXX`, or of two of them. */
function fromCodeUnits(written: string): string {
  const units = written.split(/\\u/i).slice(1);
  return String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16)));
}

/** The UTF-8 of a string, one character for each byte. */
export function toBytes(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

/** The string of {@link toBytes}. */
export function fromBytes(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString();
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
