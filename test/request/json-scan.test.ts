// The JSON parser agrees with JSON.parse on every document, and its errors name a position without quoting anything.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonNode, scanJson } from '../../src/request/json-scan.ts';

function plain(node: JsonNode): unknown {
  switch (node.type) {
    case 'object':
      return Object.fromEntries(node.members.map(({ key, value }) => [key, plain(value)]));
    case 'list':
      return node.items.map(plain);
    case 'string':
      return node.text;
    case 'null':
      return null;
    default:
      return JSON.parse(node.text);
  }
}

describe('scanJson', () => {
  it('reads every document that JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(plain(scanJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses the documents that JSON.parse refuses after characters were dropped, added or changed', () => {
    const parses = (read: () => unknown) => {
      try {
        read();
        return true;
      } catch {
        return false;
      }
    };
    const document = '{"a":[1,-0.5e+3,true,false,null,"x\\u00e9\\n"],"b":{"c":{}}}';
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: document.length - 1 }),
        fc.nat(2),
        fc.constantFrom('', '"', ',', ':', '{', '}', '[', ']', '0', '-', '.', 'e', '\\', '\u0001', 'x', ' '),
        (at, dropped, inserted) => {
          const broken = document.slice(0, at) + inserted + document.slice(at + dropped);
          // In a list, so that no data follows the value, which would be no error here.
          const wrapped = `[${broken}]`;
          expect(parses(() => scanJson(wrapped))).toBe(parses(() => JSON.parse(wrapped)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each(['42', '42.1', '1.10', '1e3', '-0', '12345678901234567890123', '1E+05'])(
    'keeps the number %s as written',
    (written) => {
      expect(scanJson(written)).toEqual({ type: 'number', text: written });
    },
  );

  it('keeps repeated members in document order', () => {
    expect(scanJson('{"2":1,"1":2,"2":3}')).toEqual({
      type: 'object',
      members: [
        { key: '2', value: { type: 'number', text: '1' } },
        { key: '1', value: { type: 'number', text: '2' } },
        { key: '2', value: { type: 'number', text: '3' } },
      ],
    });
  });

  it('replaces lone surrogates by U+FFFD in values and keys, and keeps surrogate pairs', () => {
    expect(plain(scanJson('{"\\udc00":"a\\ud800b\\ud83d\\ude00"}'))).toEqual({ '\ufffd': 'a\ufffdb😀' });
  });

  it.each(['null x', '{}\n{', '[1]]', '"a" "b"'])('refuses data after the first value in %j', (text) => {
    expect(() => scanJson(text)).toThrow('expected nothing after the first value');
  });

  it('admits white space after the value', () => {
    expect(() => scanJson('{} \r\n\t')).not.toThrow();
  });

  it.each([
    ['', 'EOF'],
    [' \t\r\n', 'EOF'],
    ['{', 'unexpected EOF'],
    ['{"a', 'unexpected EOF'],
    ['"\\u00', 'unexpected EOF'],
    ['tru', 'unexpected EOF'],
    ['-', 'unexpected EOF'],
    ['[1.', 'unexpected EOF'],
    ['{"a":1,', 'unexpected EOF'],
    ['\ufeff{}', 'syntax error at line 1, column 1: expected no byte-order mark'],
    ['nope', 'syntax error at line 1, column 2: expected true, false or null'],
    ['{"a":1,}', 'syntax error at line 1, column 8: expected a key in double quotes'],
    ['[1,]', 'syntax error at line 1, column 4: expected a value'],
    ["{'a':1}", 'syntax error at line 1, column 2: expected a key in double quotes'],
    ['{"a" 1}', 'syntax error at line 1, column 6: expected a colon after the key'],
    ['{"a":1 "b":2}', 'syntax error at line 1, column 8: expected a comma or the end of the object'],
    ['[1 2]', 'syntax error at line 1, column 4: expected a comma or the end of the list'],
    ['[01]', 'syntax error at line 1, column 3: expected a number as JSON writes it'],
    ['"\\x"', 'syntax error at line 1, column 3: expected an escape sequence'],
    ['"\\u12g4"', 'syntax error at line 1, column 6: expected four hexadecimal digits'],
    ['"a\nb"', 'syntax error at line 1, column 3: expected no control character in a string'],
    ['{\n  "😀": x}', 'syntax error at line 2, column 8: expected a value'],
  ])('refuses %j with the error %j', (text, message) => {
    expect(() => scanJson(text)).toThrow(expect.objectContaining({ message }));
  });

  it('refuses a document that is nested more than 100 levels deep', () => {
    expect(() => scanJson('['.repeat(1_000_000))).toThrow('expected no more than 100 levels');
    expect(() => scanJson('{"a":'.repeat(1_000_000))).toThrow('expected no more than 100 levels');
  });
});
