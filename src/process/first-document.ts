// Where the first JSON document on standard input ends, so that a terminal or an open pipe need not be read to its end.

const [space, tab, lineFeed, carriageReturn] = [0x20, 0x09, 0x0a, 0x0d];
const [quote, backslash] = [0x22, 0x5c];
const opening: ReadonlySet<number | undefined> = new Set([0x7b, 0x5b]);
const closing: ReadonlySet<number | undefined> = new Set([0x7d, 0x5d]);
const white: ReadonlySet<number | undefined> = new Set([space, tab, lineFeed, carriageReturn]);

/**
 * A function that takes the chunks of an input one after the other, and returns whether the first JSON document is
 * complete: the object or array that it begins with is closed. An input that begins otherwise is complete at once, since
 * it is not a request. Counts brackets outside of strings; whether the document is valid is for its decoder.
 */
export function createDocumentEnd(): (chunk: Uint8Array) => boolean {
  let depth = 0;
  let inString = false;
  let escaped = false;

  const isEnd = (byte: number | undefined): boolean => {
    if (inString) {
      inString = escaped || byte !== quote;
      escaped = !escaped && byte === backslash;
      return false;
    }
    inString = byte === quote;
    depth += Number(opening.has(byte)) - Number(closing.has(byte));
    return depth <= 0 && !white.has(byte);
  };

  return (chunk) => {
    for (const byte of chunk) {
      if (isEnd(byte)) {
        return true;
      }
    }
    return false;
  };
}
