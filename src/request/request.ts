// What Concourse asks on standard input, typed: the requests of check, in and out.
import type { Version } from '../policy/select-tag.ts';
import { decodeObject, type ObjectReader } from './decode.ts';
import {
  type InParams,
  type OutParams,
  parseFormat,
  parseOutParams,
  readRawInParams,
  readRawOutParams,
} from './params.ts';
import { readSource, type Source } from './source.ts';
import { overriddenKeys, sourceWarnings } from './warnings.ts';

/** What every request has. */
interface Request {
  readonly source: Source;
  /** What the user should be told about the request, though it can be carried out. */
  readonly warnings: readonly string[];
}

/** What `check` is asked: the versions from `version` on, or the newest one. */
export interface CheckRequest extends Request {
  readonly version: Version | undefined;
}

/** What `in` is asked: to fetch `version`, whose tag and digest may be empty. */
export interface InRequest extends Request {
  readonly params: InParams;
  readonly version: Version;
}

/** What `out` is asked: to publish an image. */
export interface OutRequest extends Request {
  readonly params: OutParams;
}

/**
 * The request of `check` in a document as it came on standard input. As all three decoders it fails with a
 * UserError: `invalid payload` and the reason. No error holds a value of the document, since it may be a secret; `format`
 * and `on_conflict` are the exceptions.
 */
export function decodeCheckRequest(input: Uint8Array | string): CheckRequest {
  const request = decodeObject(input, (object) => ({
    source: object.object('source', readSource),
    version: object.optionalObject('version', readVersion),
  }));
  return { ...request, warnings: [...sourceWarnings(request.source), ...overriddenKeys(request.source)] };
}

/** The request of `in`; an absent version is one with empty texts. Errors as in {@link decodeCheckRequest}. */
export function decodeInRequest(input: Uint8Array | string): InRequest {
  const request = decodeObject(input, (object) => ({
    source: object.object('source', readSource),
    params: object.object('params', readRawInParams),
    version: object.object('version', readVersion),
  }));
  const { format, ...others } = request.params;
  const params = { ...others, format: others.skipDownload ? 'rootfs' : parseFormat(format) } as const;
  return { ...request, params, warnings: sourceWarnings(request.source) };
}

/** The request of `out`. Errors as in {@link decodeCheckRequest}. */
export function decodeOutRequest(input: Uint8Array | string): OutRequest {
  const request = decodeObject(input, (object) => ({
    source: object.object('source', readSource),
    params: object.object('params', readRawOutParams),
  }));
  const params = parseOutParams(request.params);
  return { ...request, params, warnings: sourceWarnings(request.source) };
}

function readVersion(object: ObjectReader): Version {
  return { tag: object.text('tag'), digest: object.text('digest') };
}
