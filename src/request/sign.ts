// The `sign` object of the params of a put: the key, or the identity, that signs what is pushed.
import type { ObjectReader } from './decode.ts';

/** `sign` as configured; it is checked, and its key read, before any request. */
export interface PutSign {
  readonly key: string;
  readonly password: string;
  readonly format: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly recursive: boolean;
  /** Instead of a key: the identity, and the services that vouch for it. */
  readonly keyless: {
    readonly identityToken: string;
    readonly fulcioUrl: string;
    readonly rekorUrl: string;
    readonly timestampUrl: string;
  };
  /** What is attested of the image, beside the signature. */
  readonly attest: PutAttest | undefined;
}

/** `attest` as configured. */
export interface PutAttest {
  readonly type: string;
  /** The path of a file in the artifacts of the build. */
  readonly predicate: string;
}

/** Decodes a `sign` object. */
export function readPutSign(object: ObjectReader): PutSign {
  return {
    key: object.string('key'),
    password: object.string('password'),
    format: object.string('format'),
    annotations: object.stringMap('annotations'),
    recursive: object.boolean('recursive'),
    keyless: {
      identityToken: object.string('identity_token'),
      fulcioUrl: object.string('fulcio_url'),
      rekorUrl: object.string('rekor_url'),
      timestampUrl: object.string('timestamp_url'),
    },
    attest: object.stated('attest', object.object('attest', readAttest)),
  };
}

function readAttest(attest: ObjectReader) {
  return { type: attest.string('type'), predicate: attest.string('predicate') };
}
