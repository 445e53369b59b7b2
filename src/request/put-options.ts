// Params of a put about what becomes of its image: compression, annotations, unchanged images, clean-up, referrers.
import type { LayerCompression } from '../compression/layer-compression.ts';
import { UserError } from '../errors.ts';
import { parseDuration } from '../policy/duration.ts';
import { allowedPatterns, compilePattern, type Pattern } from '../policy/pattern.ts';
import { checkTag } from '../policy/tag-grammar.ts';
import { parseCompression } from './compression.ts';
import type { ObjectReader } from './decode.ts';

/** Which temporary tags a put deletes after it has succeeded. */
export interface PutCleanup {
  readonly tags: readonly string[];
  readonly pattern: Pattern | undefined;
  /** The least age of tags that the pattern matches, in milliseconds. */
  readonly olderThan: number;
  /** Whether they are tags of the repository of `from`, or of the destination. */
  readonly in: 'source' | 'destination';
  /** Whether a tag that cannot be deleted fails the put. */
  readonly strict: boolean;
}

/** The options of a put beside its image and its tags. */
export interface PutOptions {
  readonly annotations: Readonly<Record<string, string>>;
  /** How plain layers of tarballs are compressed; undefined where nothing is stated. */
  readonly compression: LayerCompression | undefined;
  /** Whether every tag gets the time as a suffix. */
  readonly uniqueSuffix: boolean;
  readonly onlyIfChanged: boolean;
  readonly cleanup: PutCleanup | undefined;
  /** Whether referrers travel with `from`: all, none, or those whose artifact type matches a pattern with `*`. */
  readonly referrers: boolean | readonly string[];
  readonly allowRepositories: readonly Pattern[];
}

/** Decodes the options, which {@link parsePutOptions} has yet to check. */
export function readRawPutOptions(object: ObjectReader) {
  return {
    annotations: object.stringMap('annotations'),
    compression: object.string('compression'),
    compressionLevel: object.scalar('compression_level'),
    uniqueSuffix: object.string('unique_suffix'),
    onlyIfChanged: object.boolean('only_if_changed'),
    cleanup: object.optionalObject('cleanup', (cleanup) => ({
      tags: cleanup.strings('tags'),
      pattern: cleanup.string('pattern'),
      olderThan: cleanup.scalar('older_than'),
      in: cleanup.string('in'),
      strict: cleanup.boolean('strict'),
    })),
    referrers: object.optionalBooleanOrStrings('referrers'),
    allowRepositories: object.stated('allow_repositories', object.strings('allow_repositories')),
  };
}

/** The options. Throws a UserError for a value that is unknown, a malformed pattern, and a key that has no effect. */
export function parsePutOptions(
  raw: ReturnType<typeof readRawPutOptions>,
  image: 'image' | 'from' | 'manifests',
): PutOptions {
  const { uniqueSuffix, onlyIfChanged, cleanup, referrers, allowRepositories, annotations } = raw;
  if (uniqueSuffix !== '' && uniqueSuffix !== 'timestamp') {
    throw new UserError(
      `unknown unique_suffix provided, must be 'timestamp': ${JSON.stringify(uniqueSuffix)}`,
    );
  }
  if (image === 'from' && Object.keys(annotations).length > 0) {
    throw new UserError('params.annotations has no effect on params.from', {
      hint: 'an image that is promoted keeps its digest: set annotations where it is built or assembled',
    });
  }
  if (image !== 'from' && referrers !== undefined) {
    throw new UserError('params.referrers is set without params.from');
  }
  return {
    annotations,
    compression: parseCompression(raw, image),
    onlyIfChanged,
    uniqueSuffix: uniqueSuffix !== '',
    cleanup: cleanup && parseCleanup(cleanup, image),
    referrers: referrers ?? true,
    allowRepositories: allowedPatterns(allowRepositories, 'params.allow_repositories'),
  };
}

function parseCleanup(
  raw: NonNullable<ReturnType<typeof readRawPutOptions>['cleanup']>,
  image: 'image' | 'from' | 'manifests',
): PutCleanup {
  if (raw.tags.length === 0 && raw.pattern === '') {
    throw new UserError('params.cleanup has neither tags nor a pattern');
  }
  if (raw.in !== '' && raw.in !== 'source' && raw.in !== 'destination') {
    throw new UserError(
      `unknown cleanup.in provided, must be one of 'source', 'destination': ${JSON.stringify(raw.in)}`,
    );
  }
  if (raw.in === 'source' && image !== 'from') {
    throw new UserError('params.cleanup.in is source, but params.from is not set');
  }
  if (raw.pattern !== '' && raw.olderThan === '') {
    throw new UserError('params.cleanup.pattern is set without older_than', {
      hint: 'say how old a tag must be to be deleted: older_than: 24h',
    });
  }
  for (const tag of raw.tags) {
    checkTag(tag, 'params.cleanup.tags');
  }
  return {
    tags: raw.tags,
    pattern: raw.pattern === '' ? undefined : compilePattern(raw.pattern, 'params.cleanup.pattern'),
    olderThan: raw.olderThan === '' ? 0 : parseDuration(raw.olderThan, 'params.cleanup.older_than'),
    in: raw.in === 'source' ? 'source' : 'destination',
    strict: raw.strict,
  };
}
