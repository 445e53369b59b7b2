// What Concourse asks on standard input, typed: the requests of check, in and out.
import type { Version } from '../policy/select-tag.ts';
import { type ContentTrust, contentTrustWarnings, parseContentTrust } from './content-trust.ts';
import { decodeObject, type ObjectReader } from './decode.ts';
import {
  type InParams,
  type OutParams,
  parseFormat,
  parseOutParams,
  readRawInParams,
  readRawOutParams,
} from './params.ts';
import { parseSource, readRawSource, type Source } from './source.ts';
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
  readonly source: PutSource;
  readonly params: OutParams;
}

/** The `source` of a put, in which `content_trust` was judged. */
export interface PutSource extends Source {
  readonly contentTrust: ContentTrust | undefined;
}

/**
 * The request of `check` in a document as it came on standard input. As all three decoders it fails with a
 * UserError: `invalid payload` and the reason. No error holds a value of the document, since it may be a secret; `format`
 * and `on_conflict` are the exceptions.
 */
export function decodeCheckRequest(input: Uint8Array | string): CheckRequest {
  const request = decodeObject(input, (object) => ({
    source: object.object('source', readRawSource),
    version: object.optionalObject('version', readVersion),
  }));
  const warnings = [...sourceWarnings(request.source), ...overriddenKeys(request.source)];
  return { ...request, source: parseSource(request.source), warnings };
}

/** The request of `in`; an absent version is one with empty texts. Errors as in {@link decodeCheckRequest}. */
export function decodeInRequest(input: Uint8Array | string): InRequest {
  const request = decodeObject(input, (object) => ({
    source: object.object('source', readRawSource),
    params: object.object('params', readRawInParams),
    version: object.object('version', readVersion),
  }));
  const { format, ...others } = request.params;
  const params = { ...others, format: others.skipDownload ? 'rootfs' : parseFormat(format) } as const;
  const warnings = sourceWarnings(request.source);
  return { source: parseSource(request.source), params, version: request.version, warnings };
}

/** The request of `out`. Errors as in {@link decodeCheckRequest}. */
export function decodeOutRequest(input: Uint8Array | string): OutRequest {
  const request = decodeObject(input, (object) => ({
    source: object.object('source', readRawSource),
    params: object.object('params', readRawOutParams),
  }));
  const params = parseOutParams(request.params);
  const { contentTrust: trust } = request.source;
  const source = { ...parseSource(request.source), contentTrust: trust && parseContentTrust(trust) };
  const warnings = [...sourceWarnings(request.source), ...contentTrustWarnings(trust)];
  return { source, params, warnings };
}

function readVersion(object: ObjectReader): Version {
  return { tag: object.text('tag'), digest: object.text('digest') };
}
