// Decodes the requests of check, in and out that Concourse sends on standard input.
import type { Version } from '../policy/select-tag.ts';
import { type ContentTrust, contentTrustWarnings, parseContentTrust } from './content-trust.ts';
import { decodeObject, type ObjectReader } from './decode.ts';
import { explainMisplacedKey } from './misplaced-key.ts';
import { paddedTrustWarnings } from './padded-secrets.ts';
import {
  type InParams,
  type OutParams,
  parseFormat,
  parseOutParams,
  putWarnings,
  readRawInParams,
  readRawOutParams,
} from './params.ts';
import { parseSource, readRawSource, type Source } from './source.ts';
import { checkWarnings, mirrorWarnings, sourceWarnings } from './warnings.ts';

/** The fields that every request has. */
interface Request {
  readonly source: Source;
  /** Warnings to log about a request that can be carried out. */
  readonly warnings: readonly string[];
}

/** The request of `check`: the versions from `version` on, or the newest one. */
export interface CheckRequest extends Request {
  readonly version: Version | undefined;
}

/** The request of `in`: to fetch `version`, whose tag and digest may be empty. */
export interface InRequest extends Request {
  readonly params: InParams;
  readonly version: Version;
}

/** The request of `out`: to publish an image. */
export interface OutRequest extends Request {
  readonly source: PutSource;
  readonly params: OutParams;
}

/** The `source` of a put, in which `content_trust` was checked. */
export interface PutSource extends Source {
  readonly contentTrust: ContentTrust | undefined;
}

/**
 * Decodes the request of `check` in the bytes of standard input. Like the other two decoders it throws a UserError:
 * `invalid payload` with the reason, or one about a combination of keys. No error quotes a value of the document, which
 * may be a secret; `format`, `on_conflict` and `on_failure` are the exceptions.
 */
export function decodeCheckRequest(input: Uint8Array | string): CheckRequest {
  const request = decode(input, (object) => ({
    source: object.object('source', readRawSource),
    version: object.optionalObject('version', readVersion),
  }));
  const warnings = [
    ...sourceWarnings(request.source),
    ...mirrorWarnings(request.source),
    ...checkWarnings(request.source),
  ];
  return { ...request, source: parseSource(request.source), warnings };
}

/** Decodes the request of `in`; an absent version has empty strings. Errors as in {@link decodeCheckRequest}. */
export function decodeInRequest(input: Uint8Array | string): InRequest {
  const request = decode(input, (object) => ({
    source: object.object('source', readRawSource),
    params: object.object('params', readRawInParams),
    version: object.object('version', readVersion),
  }));
  const { format, ...others } = request.params;
  const params = { ...others, format: others.skipDownload ? 'rootfs' : parseFormat(format) } as const;
  const warnings = [...sourceWarnings(request.source), ...mirrorWarnings(request.source)];
  return { source: parseSource(request.source), params, version: request.version, warnings };
}

/** Decodes the request of `out`. Errors as in {@link decodeCheckRequest}. */
export function decodeOutRequest(input: Uint8Array | string): OutRequest {
  const request = decode(input, (object) => ({
    source: object.object('source', readRawSource),
    params: object.object('params', readRawOutParams),
  }));
  const params = parseOutParams(request.params);
  const { contentTrust: trust } = request.source;
  const source = { ...parseSource(request.source), contentTrust: trust && parseContentTrust(trust) };
  const warnings = [
    ...sourceWarnings(request.source),
    ...putWarnings(params),
    ...contentTrustWarnings(trust),
    ...paddedTrustWarnings(trust),
  ];
  return { source, params, warnings };
}

function decode<T>(input: Uint8Array | string, read: (object: ObjectReader) => T): T {
  try {
    return decodeObject(input, read);
  } catch (error) {
    throw explainMisplacedKey(error);
  }
}

function readVersion(object: ObjectReader): Version {
  return { tag: object.string('tag'), digest: object.string('digest') };
}
