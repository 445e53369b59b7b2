// Documents are parsed once, whoever reads them, and errors do not quote them.
import { describe, expect, it } from 'vitest';
import { documentValue, parseDocument } from '../../src/oci/document-json.ts';

const bytes = (text: string) => Buffer.from(text);

describe('documentValue', () => {
  it('parses the same bytes once while they are the latest', () => {
    const document = bytes('{"a":1}');
    const first = documentValue(document);
    expect(documentValue(document)).toBe(first);
    expect(documentValue(bytes('{"a":2}'))).toEqual({ a: 2 });
    expect(documentValue(document)).not.toBe(first);
    expect(documentValue(document)).toEqual({ a: 1 });
  });

  it('keeps apart two documents of the same length in one buffer', () => {
    const both = bytes('{"a":1}{"a":2}');
    expect([both.subarray(0, 7), both.subarray(7)].map(documentValue)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('is undefined for what is not JSON, every time', () => {
    const broken = bytes('{');
    expect([documentValue(broken), documentValue(broken)]).toEqual([undefined, undefined]);
  });
});

describe('parseDocument', () => {
  it('reads the bytes of a view, not those of its whole buffer', () => {
    const outer = Buffer.from('xx{"a":1}yy');
    expect(parseDocument(new Uint8Array(outer.buffer, outer.byteOffset + 2, 7), 'it')).toEqual({ a: 1 });
  });

  it('does not quote the document in its error', () => {
    let shown = '';
    try {
      parseDocument(bytes('{"password":"hunter2'), 'it');
    } catch (error) {
      shown = JSON.stringify(
        error,
        Object.getOwnPropertyNames(error).filter((name) => name !== 'stack'),
      );
    }
    expect(shown).toContain('it is not a JSON document');
    expect(shown).not.toContain('hunter2');
  });
});
