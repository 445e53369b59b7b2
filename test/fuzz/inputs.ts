// Random inputs for parsers: valid examples with some bytes changed, and strings of special characters.
import fc from 'fast-check';

/** One change of a sequence of bytes, at positions from 0 to 1. */
type Change =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'set'; readonly at: number; readonly value: number }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'truncate'; readonly at: number };

const position = fc.double({ min: 0, max: 1, noNaN: true });
const interesting = fc.constantFrom(0, 1, 0x0a, 0x20, 0x2c, 0x2f, 0x30, 0x39, 0x3d, 0x7f, 0x80, 0xff);

function changes(dictionary: readonly (string | Uint8Array)[]): fc.Arbitrary<Change> {
  const words = fc.constantFrom('', ...dictionary).map((word) => Buffer.from(word as string));
  return fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: position, bit: fc.nat(7) }),
    fc.record({ kind: fc.constant('set' as const), at: position, value: fc.oneof(interesting, fc.nat(255)) }),
    fc.record({
      kind: fc.constant('remove' as const),
      at: position,
      length: fc.integer({ min: 1, max: 600 }),
    }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: position,
      bytes: fc.oneof(
        words,
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
    }),
    fc.record({
      kind: fc.constant('repeat' as const),
      at: position,
      length: fc.integer({ min: 1, max: 600 }),
      times: fc.constantFrom(1, 2, 50),
    }),
    fc.record({ kind: fc.constant('truncate' as const), at: position }),
  );
}

function changed(bytes: Buffer, change: Change): Buffer {
  const at = Math.min(bytes.length, Math.floor(change.at * (bytes.length + 1)));
  const before = bytes.subarray(0, at);
  switch (change.kind) {
    case 'flip':
    case 'set': {
      const copy = Buffer.from(bytes);
      if (at < copy.length) {
        copy[at] = change.kind === 'set' ? change.value : (copy[at] ?? 0) ^ (1 << change.bit);
      }
      return copy;
    }
    case 'remove':
      return Buffer.concat([before, bytes.subarray(at + change.length)]);
    case 'insert':
      return Buffer.concat([before, change.bytes, bytes.subarray(at)]);
    case 'repeat': {
      const part = bytes.subarray(at, at + change.length);
      return Buffer.concat([
        before,
        ...Array<Buffer>(change.times + 1).fill(part),
        bytes.subarray(at + part.length),
      ]);
    }
    case 'truncate':
      return before;
  }
}

/** One of the examples with up to eight changes; words of the dictionary are inserted in some of them. */
export function mutated(
  examples: readonly (string | Uint8Array)[],
  dictionary: readonly (string | Uint8Array)[] = [],
): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...examples), fc.array(changes(dictionary), { maxLength: 8 }))
    .map(([example, list]) => list.reduce(changed, Buffer.from(example as string)));
}

/** {@link mutated} as strings, one character for each byte or decoded as UTF-8. */
export function mutatedText(
  examples: readonly string[],
  dictionary: readonly string[] = [],
): fc.Arbitrary<string> {
  return fc
    .tuple(mutated(examples, dictionary), fc.constantFrom('latin1' as const, 'utf8' as const))
    .map(([bytes, encoding]) => bytes.toString(encoding));
}

/** Strings with control characters, lone surrogates and characters that change their length in upper or lower case. */
export const strangeText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom('\ud800', '\udc00', 'ſ', '\u212a', 'İ', '\u2028', '\0', '"', '\\', '%', '<', '/'),
    maxLength: 30,
  }),
);

/** Bytes in pieces of random sizes. */
export function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const result: Buffer[] = [];
  for (let at = 0, number = 0; at < bytes.length; number++) {
    const size = Math.max(1, sizes[number % Math.max(1, sizes.length)] ?? bytes.length);
    result.push(bytes.subarray(at, at + size));
    at += size;
  }
  return result;
}

/** Sizes for {@link pieces}. */
export const sizes: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5000 })),
  {
    maxLength: 5,
  },
);
