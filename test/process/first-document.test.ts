// When the first JSON document on standard input is complete.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDocumentEnd } from '../../src/process/first-document.ts';

/** How many bytes of an input are read, when each chunk is one byte; undefined when more are waited for. */
function bytesRead(input: string): number | undefined {
  const isComplete = createDocumentEnd();
  const bytes = Buffer.from(input);
  for (let read = 1; read <= bytes.length; read++) {
    if (isComplete(bytes.subarray(read - 1, read))) {
      return read;
    }
  }
  return undefined;
}

it.each([
  ['{}', 2],
  [' \r\n\t{"a":[{}]} {}', 14],
  ['[]', 2],
  ['{"a":"}"}', 9],
  ['{"a":"\\"}"}', 11],
  ['{"a":"\\\\"}x', 10],
  ['{"é":"}"}', 10],
])('ends %j after %i bytes', (input, bytes) => {
  expect(bytesRead(input)).toBe(bytes);
});

it.each(['', ' \n', '{', '{"a":"}', '{"a":"\\"}', '[{}'])('waits for more after %j', (input) => {
  expect(bytesRead(input)).toBeUndefined();
});

it.each(['null', '1', '"a"', 'hello', '}', '\ufeff{}'])(
  'waits for no more after %j, which is no object',
  (input) => {
    expect(bytesRead(input)).toBe(1);
  },
);

it('ends every JSON object with its last byte, in chunks of any size', () => {
  const anyObject = fc
    .dictionary(fc.string(), fc.jsonValue())
    .map((value) => Buffer.from(JSON.stringify(value)));
  fc.assert(
    fc.property(anyObject, fc.integer({ min: 1, max: 20 }), (bytes, size) => {
      const isComplete = createDocumentEnd();
      const chunks = [];
      for (let start = 0; start < bytes.length; start += size) {
        chunks.push(bytes.subarray(start, start + size));
      }
      expect(chunks.map(isComplete)).toEqual(chunks.map((_, position) => position === chunks.length - 1));
    }),
  );
});
