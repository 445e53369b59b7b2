// Points out where a key belongs that is in the wrong place of a request, such as a key of params in source.
import { causes, UserError } from '../errors.ts';
import { foldKey } from '../oci/json.ts';
import { readContentTrust } from './content-trust.ts';
import { ObjectReader } from './decode.ts';
import { readRawInParams, readRawOutParams } from './params.ts';
import { readPutSign } from './sign.ts';
import { readPlatform, readRawSource, readRegistryMirror } from './source.ts';
import { readSourceVerify } from './verify.ts';

/** The places of a request, with the function that reads the keys there. The first place that has a key counts. */
const places: readonly (readonly [string, (object: ObjectReader) => unknown])[] = [
  ['source', readRawSource],
  ['the params of a put', readRawOutParams],
  ['the params of a get', readRawInParams],
  ['source.content_trust', readContentTrust],
  ['source.registry_mirror', readRegistryMirror],
  ['source.verify', readSourceVerify],
  ['platform, in source or the params of a get', readPlatform],
  ['params.sign', readPutSign],
  ['version', (object) => object.string('digest')],
];

/**
 * The error of decoding a request, with a hint that says where the key belongs when it is unknown in `source` or `params`
 * but known in another place; any other error as it is.
 */
export function explainMisplacedKey(error: unknown): unknown {
  for (const level of causes(error)) {
    const { key = '', object = '' } = level instanceof UserError ? level.facts : {};
    if (
      level instanceof UserError &&
      level.code === 'UNKNOWN_FIELD' &&
      ['source', 'params'].includes(object)
    ) {
      const [place] = places.find(([, read]) => keysOf(read).includes(foldKey(key))) ?? [];
      return place === undefined
        ? error
        : new UserError('invalid payload', { cause: level, hint: `${foldKey(key)} belongs to ${place}` });
    }
  }
  return error;
}

function keysOf(read: (object: ObjectReader) => unknown): readonly string[] {
  const reader = new ObjectReader('', []);
  read(reader);
  return reader.knownKeys;
}
