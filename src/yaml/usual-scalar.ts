// The value of a plain or quoted scalar in one line, from the token of the library's parser.
import type { CST } from 'yaml';

/** What the composer reports at the start of a plain scalar; an empty scalar starts with it, too. */
const reserved = '\t,%|>@`';

/** The value of a scalar in one line without escapes; undefined for any other, and for one that is malformed. */
export function textOf({ type, source }: CST.FlowScalar): string | undefined {
  if (source.includes('\n')) {
    return undefined;
  }
  switch (type) {
    case 'scalar':
      return reserved.includes(source.charAt(0)) ? undefined : source;
    case 'single-quoted-scalar':
      return isClosed(source, "'") ? source.slice(1, -1).replaceAll("''", "'") : undefined;
    case 'double-quoted-scalar':
      return isClosed(source, '"') && !source.includes('\\') ? source.slice(1, -1) : undefined;
    default:
      return undefined;
  }
}

function isClosed(source: string, quote: string): boolean {
  return source.length > 1 && source.endsWith(quote);
}

/** Whether a token is a plain or quoted scalar. */
export function isScalar(token: CST.Token | null | undefined): token is CST.FlowScalar {
  return (
    token?.type === 'scalar' ||
    token?.type === 'single-quoted-scalar' ||
    token?.type === 'double-quoted-scalar'
  );
}
