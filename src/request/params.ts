// The `params` of a get and of a put: keys, types, and combinations that are errors.
import { UserError } from '../errors.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import type { OnConflict } from '../policy/tag-decision.ts';
import { parseChoice } from './choice.ts';
import type { ObjectReader } from './decode.ts';
import { type PutImage, parsePutImage, readRawPutImage } from './put-image.ts';
import { type PutOptions, parsePutOptions, readRawPutOptions } from './put-options.ts';
import { type PutSign, readPutSign } from './sign.ts';
import { readPlatform } from './source.ts';

/** The layout on disk of an image that a get fetches. */
export type ImageFormat = 'rootfs' | 'oci' | 'oci-layout';

/** The `params` of a get. */
export interface InParams {
  /** `rootfs` unless configured. With `skipDownload` it is `rootfs`, and what is configured is not checked. */
  readonly format: ImageFormat;
  /** Replaces the platform of `source` as a whole. Empty members stand for those of the host. */
  readonly platform: WantedPlatform | undefined;
  readonly skipDownload: boolean;
}

/** The `params` of a put; empty strings and lists are unset. */
export interface OutParams extends PutOptions {
  readonly image: PutImage;
  /** The version to publish as a tag. */
  readonly version: string;
  /** The path of a file that holds the version, relative to the directory of artifacts. */
  readonly versionFile: string;
  readonly bumpAliases: boolean;
  /** More tags. */
  readonly tags: readonly string[];
  /** The path of a file with tags, relative to the directory of artifacts. */
  readonly additionalTags: string;
  /** The prefix of the tags in the file. */
  readonly tagPrefix: string;
  /** Immutable tags: none (false), all but aliases (true), or those in which a pattern is found. */
  readonly immutableTags: boolean | readonly string[];
  /** What happens when an immutable tag points at another image. */
  readonly onConflict: OnConflict;
  readonly sign: PutSign | undefined;
}

/** Decodes the `params` of a get; `format` is a string that {@link parseFormat} has yet to check. */
export function readRawInParams(object: ObjectReader) {
  return {
    format: object.string('format'),
    platform: object.optionalObject('platform', readPlatform),
    skipDownload: object.boolean('skip_download'),
  };
}

/** Decodes the `params` of a put, which {@link parseOutParams} has yet to check. */
export function readRawOutParams(object: ObjectReader) {
  return {
    ...readRawPutImage(object),
    version: object.string('version'),
    versionFile: object.string('version_file'),
    bumpAliases: object.boolean('bump_aliases'),
    tags: object.strings('tags'),
    additionalTags: object.string('additional_tags'),
    tagPrefix: object.string('tag_prefix'),
    immutableTags: object.booleanOrStrings('immutable_tags'),
    onConflict: object.string('on_conflict'),
    sign: object.stated('sign', object.object('sign', readPutSign)),
    ...readRawPutOptions(object),
  };
}

/** The `params` of a put. Throws a UserError for two versions, and for an `on_conflict` that is unknown or has no effect. */
export function parseOutParams(raw: ReturnType<typeof readRawOutParams>): OutParams {
  if (raw.version !== '' && raw.versionFile !== '') {
    throw new UserError('params.version and params.version_file are both set', {
      hint: 'remove one of them: the version comes from the pipeline or from a file of the build',
    });
  }
  const protects = Array.isArray(raw.immutableTags) ? raw.immutableTags.length > 0 : raw.immutableTags;
  if (raw.onConflict !== '' && !protects) {
    throw new UserError('params.on_conflict is set, but no tag is immutable', {
      hint: 'set params.immutable_tags to true or to a list of patterns, or remove params.on_conflict',
    });
  }
  const image = parsePutImage(raw);
  const { version, versionFile, bumpAliases, tags, additionalTags, tagPrefix, immutableTags } = raw;
  return {
    image,
    version,
    versionFile,
    bumpAliases,
    tags,
    additionalTags,
    tagPrefix,
    immutableTags,
    onConflict: parseChoice(raw.onConflict || 'fail', conflictChoices, 'on_conflict'),
    sign: raw.sign,
    ...parsePutOptions(raw, image.kind),
  };
}

/** One line for each key of a put that has no effect. */
export function putWarnings({ bumpAliases, version, versionFile }: OutParams): string[] {
  return bumpAliases && version === '' && versionFile === ''
    ? ['params.bump_aliases has no effect without params.version or params.version_file']
    : [];
}

const conflictChoices: readonly OnConflict[] = ['fail', 'skip', 'move'];
const formats: readonly ImageFormat[] = ['rootfs', 'oci', 'oci-layout'];

/** The format of a get, `rootfs` when the string is empty. Throws a UserError for an unknown one. */
export function parseFormat(text: string): ImageFormat {
  return parseChoice(text || 'rootfs', formats, 'format');
}
