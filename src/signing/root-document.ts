// What a trusted root may hold (sigstore_trustroot.proto): a member that is misspelt would require less, or trust for longer.
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../oci/json.ts';
import { quote } from '../policy/quote.ts';

/** A text or a number, a time of RFC 3339, a list, or an object with these members and no others. */
type Shape = 'value' | 'time' | readonly [item: Shape] | { readonly [member: string]: Shape };

const validFor: Shape = { start: 'time', end: 'time' };
const id: Shape = { keyId: 'value' };
const logs: Shape = [
  {
    baseUrl: 'value',
    hashAlgorithm: 'value',
    publicKey: { rawBytes: 'value', keyDetails: 'value', validFor },
    logId: id,
    checkpointKeyId: id,
    operator: 'value',
  },
];
const authorities: Shape = [
  {
    subject: { organization: 'value', commonName: 'value' },
    uri: 'value',
    certChain: { certificates: [{ rawBytes: 'value' }] },
    validFor,
    operator: 'value',
  },
];
const root: Shape = {
  mediaType: 'value',
  tlogs: logs,
  certificateAuthorities: authorities,
  ctlogs: logs,
  timestampAuthorities: authorities,
};

/**
 * Throws a UserError that names the first member of a trusted root that is not known or of another type: the library reads
 * `valid_for` as no end of validity at all.
 */
export function requireKnownMembers(document: JsonObject): void {
  requireShape(document, root, '');
}

function requireShape(value: unknown, shape: Shape, path: string): void {
  if (shape === 'value' || shape === 'time') {
    const isText = typeof value === 'string';
    const isRight = shape === 'time' ? isText && isTime(value) : isText || typeof value === 'number';
    require(isRight, path, shape === 'time' ? 'is no time' : 'is no text');
  } else if (isList(shape)) {
    const [item] = shape;
    require(Array.isArray(value), path, 'is no list');
    for (const [position, each] of value.entries()) {
      requireShape(each, item, `${path}[${position}]`);
    }
  } else {
    require(isJsonObject(value), path, 'is no object');
    for (const [name, each] of Object.entries(value)) {
      const own = path === '' ? name : `${path}.${name}`;
      const known = Object.hasOwn(shape, name) ? shape[name] : undefined;
      require(known !== undefined, own, 'is not known');
      requireShape(each, known, own);
    }
  }
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text));
}

function isList(shape: Exclude<Shape, string>): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function require(isRight: boolean, path: string, wrong: string): asserts isRight {
  if (!isRight) {
    throw new UserError(`its member ${quote(path)} ${wrong}`);
  }
}
