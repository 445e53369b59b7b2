// A JSON parser that keeps repeated members and the digits of numbers, and never quotes the document in an error.
import { UserError } from '../errors.ts';

/** One value of a document. `text` is the decoded string, or a number or boolean exactly as written. */
export type JsonNode =
  | { readonly type: 'object'; readonly members: readonly JsonMember[] }
  | { readonly type: 'list'; readonly items: readonly JsonNode[] }
  | { readonly type: 'string' | 'number' | 'boolean'; readonly text: string }
  | { readonly type: 'null' };

/** One `key: value` of an object, in document order. */
export interface JsonMember {
  readonly key: string;
  readonly value: JsonNode;
}

const white = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const numberCharacters = /[-+.eE0-9]+/y;

/** Far more levels than a request has. The bound keeps hostile input from exhausting the stack. */
const maximumDepth = 100;

/**
 * The value of a JSON text (RFC 8259). As in Go's json.Decoder, an empty text is the error `EOF` and a truncated one is
 * `unexpected EOF`. Other errors name a position and what was expected there. No error quotes the text, because it may
 * hold secrets; `JSON.parse` quotes it, and under Bun names no position.
 */
export function scanJson(text: string): JsonNode {
  let position = 0;

  const fail = (expected: string): never => {
    if (position >= text.length) {
      throw new UserError('unexpected EOF', { hint: 'the document on standard input is truncated' });
    }
    const lines = text.slice(0, position).split('\n');
    const column = [...(lines.at(-1) ?? '')].length + 1;
    throw new UserError(`syntax error at line ${lines.length}, column ${column}: expected ${expected}`);
  };
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = position;
    return pattern.exec(text)?.[0] ?? '';
  };
  const skipWhite = () => {
    position += match(white).length;
  };
  const take = (characters: string | RegExp): boolean => {
    const next = text[position] ?? '';
    const found = typeof characters === 'string' ? next === characters : characters.test(next);
    position += found ? 1 : 0;
    return found;
  };
  const expect = (characters: string | RegExp, expected: string) => {
    if (!take(characters)) {
      fail(expected);
    }
  };

  const word = (letters: string): string => {
    for (const letter of letters) {
      expect(letter, 'true, false or null');
    }
    return letters;
  };

  const escapeSequence = () => {
    if (take('u')) {
      for (let digits = 0; digits < 4; digits += 1) {
        expect(/[0-9a-fA-F]/, 'four hexadecimal digits');
      }
    } else {
      expect(/["\\/bfnrt]/, 'an escape sequence');
    }
  };

  const quoted = (): string => {
    const start = position;
    expect('"', 'a key in double quotes');
    while (!take('"')) {
      if (take('\\')) {
        escapeSequence();
      } else {
        if ((text[position] ?? '') < ' ') {
          fail('no control character in a string');
        }
        position += 1;
      }
    }
    const decoded: unknown = JSON.parse(text.slice(start, position));
    return String(decoded).toWellFormed();
  };

  const list = (depth: number): JsonNode => {
    const items: JsonNode[] = [];
    skipWhite();
    if (take(']')) {
      return { type: 'list', items };
    }
    do {
      items.push(value(depth));
      skipWhite();
    } while (take(','));
    expect(']', 'a comma or the end of the list');
    return { type: 'list', items };
  };

  const object = (depth: number): JsonNode => {
    const members: JsonMember[] = [];
    skipWhite();
    if (take('}')) {
      return { type: 'object', members };
    }
    do {
      skipWhite();
      const key = quoted();
      skipWhite();
      expect(':', 'a colon after the key');
      members.push({ key, value: value(depth) });
      skipWhite();
    } while (take(','));
    expect('}', 'a comma or the end of the object');
    return { type: 'object', members };
  };

  const digits = (): JsonNode => {
    const written = match(number);
    const run = match(numberCharacters);
    if (written === '' || written !== run) {
      position += position + run.length === text.length ? run.length : written.length;
      fail('a number as JSON writes it');
    }
    position += written.length;
    return { type: 'number', text: written };
  };

  const value = (depth: number): JsonNode => {
    skipWhite();
    if (depth > maximumDepth) {
      fail(`no more than ${maximumDepth} levels`);
    }
    switch (text[position]) {
      case '{':
        position += 1;
        return object(depth + 1);
      case '[':
        position += 1;
        return list(depth + 1);
      case '"':
        return { type: 'string', text: quoted() };
      case 't':
        return { type: 'boolean', text: word('true') };
      case 'f':
        return { type: 'boolean', text: word('false') };
      case 'n':
        word('null');
        return { type: 'null' };
      default:
        return /[-0-9]/.test(text[position] ?? '') ? digits() : fail('a value');
    }
  };

  skipWhite();
  if (position === text.length) {
    throw new UserError('EOF', { hint: 'the request is a JSON object on standard input, which was empty' });
  }
  if (text.startsWith('\ufeff')) {
    fail('no byte-order mark');
  }
  const first = value(0);
  skipWhite();
  if (position < text.length) {
    fail('nothing after the first value');
  }
  return first;
}

/** A scanned value as compact JSON, with its members and numbers as they were written. */
export function writeNode(node: JsonNode): string {
  switch (node.type) {
    case 'object':
      return `{${node.members.map(({ key, value }) => `${JSON.stringify(key)}:${writeNode(value)}`).join(',')}}`;
    case 'list':
      return `[${node.items.map(writeNode).join(',')}]`;
    case 'string':
      return JSON.stringify(node.text);
    case 'null':
      return 'null';
    default:
      return node.text;
  }
}
