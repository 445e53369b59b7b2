// Which keys the decoder of a request knows, and of which type: recorded while it reads an empty request.
import { UserError } from '../src/errors.ts';
import { ObjectReader } from '../src/request/decode.ts';

/** The methods of {@link ObjectReader} that read one member. */
export type MemberType =
  | 'string'
  | 'scalar'
  | 'boolean'
  | 'stringOrObject'
  | 'strings'
  | 'booleanOrStrings'
  | 'stringMap'
  | 'object'
  | 'stringOrObjectOf'
  | 'objects';

/** A key, and the keys inside of it where it is an object. */
export interface DecodedKey {
  readonly key: string;
  readonly type: MemberType;
  readonly keys: readonly DecodedKey[];
}

const plainTypes = [
  'string',
  'scalar',
  'boolean',
  'stringOrObject',
  'strings',
  'booleanOrStrings',
  'stringMap',
] as const;
const objectTypes = {
  object: 'object',
  optionalObject: 'object',
  stringOrObjectOf: 'stringOrObjectOf',
  objects: 'objects',
} as const;

/** The keys that a decoder such as `decodeCheckRequest` asks for, in its order. */
export function decodedKeys(decode: (input: string) => unknown): readonly DecodedKey[] {
  const { prototype } = ObjectReader;
  const original = Object.getOwnPropertyDescriptors(prototype);
  const readObject = prototype.object;
  let keys: DecodedKey[] = [];
  const replace = (name: string, value: (this: ObjectReader, key: string, read: Read) => unknown) =>
    Object.defineProperty(prototype, name, { configurable: true, writable: true, value });
  for (const type of plainTypes) {
    const read = prototype[type];
    replace(type, function (key) {
      keys.push({ key, type, keys: [] });
      return Reflect.apply(read, this, [key]);
    });
  }
  for (const [name, type] of Object.entries(objectTypes)) {
    replace(name, function (key, read) {
      const outer = keys;
      keys = [];
      // The request is empty: an object is read all the same, so that its keys are seen.
      const value = readObject.call(this, key, read);
      outer.push({ key, type, keys });
      keys = outer;
      // What is not there: a list without entries, or no value at all.
      return type === 'objects' ? [] : name === 'object' ? value : undefined;
    });
  }
  try {
    decode('{}');
  } catch (error) {
    // What an empty request lacks is not the question here.
    if (!(error instanceof UserError)) {
      throw error;
    }
  } finally {
    Object.defineProperties(prototype, original);
  }
  return keys;
}

type Read = (object: ObjectReader) => unknown;
