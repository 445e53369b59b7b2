// The `sign` object of the params of a put: the key that signs what is pushed.
import type { ObjectReader } from './decode.ts';

/** `sign` as configured; it is checked, and its key read, before any request. */
export interface PutSign {
  readonly key: string;
  readonly password: string;
  readonly format: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly recursive: boolean;
}

/** Decodes a `sign` object. */
export function readPutSign(object: ObjectReader): PutSign {
  return {
    key: object.string('key'),
    password: object.string('password'),
    format: object.string('format'),
    annotations: object.stringMap('annotations'),
    recursive: object.boolean('recursive'),
  };
}
