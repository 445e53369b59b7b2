// What `params` of a get and of a put configure.
import { UserError } from '../errors.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import type { OnConflict } from '../policy/tag-decision.ts';
import type { ObjectReader } from './decode.ts';
import { nearestKey } from './nearest-key.ts';
import { readPlatform } from './source.ts';

/** How an image is laid out on disk by a get. */
export type ImageFormat = 'rootfs' | 'oci' | 'oci-layout';

/** The `params` of a get. */
export interface InParams {
  /** `rootfs` unless configured; not validated and `rootfs` with `skipDownload`. */
  readonly format: ImageFormat;
  /** Replaces the platform of `source` as a whole; empty members mean the host's. */
  readonly platform: WantedPlatform | undefined;
  readonly skipDownload: boolean;
}

/** The `params` of a put; empty texts and lists mean unset. */
export interface OutParams {
  /** A glob relative to the directory of artifacts. */
  readonly image: string;
  /** The version to publish as a tag. */
  readonly version: string;
  /** The path of a file with that version, relative to the directory of artifacts. */
  readonly versionFile: string;
  readonly bumpAliases: boolean;
  /** Further tags. */
  readonly tags: readonly string[];
  /** The path of a file with tags, relative to the directory of artifacts. */
  readonly additionalTags: string;
  /** Goes in front of the additional tags. */
  readonly tagPrefix: string;
  /** Whether tags may be overwritten: all (false), none but aliases (true), or none in which a pattern is found. */
  readonly immutableTags: boolean | readonly string[];
  /** What to do when an immutable tag has another image. */
  readonly onConflict: OnConflict;
}

/** Reads the `params` of a get; `format` is text that {@link parseFormat} has yet to judge. */
export function readRawInParams(object: ObjectReader) {
  return {
    format: object.text('format'),
    platform: object.optionalObject('platform', readPlatform),
    skipDownload: object.flag('skip_download'),
  };
}

/** Reads the `params` of a put; {@link parseOutParams} has yet to judge them. */
export function readRawOutParams(object: ObjectReader) {
  return {
    image: object.text('image'),
    version: object.text('version'),
    versionFile: object.text('version_file'),
    bumpAliases: object.flag('bump_aliases'),
    tags: object.texts('tags'),
    additionalTags: object.text('additional_tags'),
    tagPrefix: object.text('tag_prefix'),
    immutableTags: object.flagOrTexts('immutable_tags'),
    onConflict: object.text('on_conflict'),
  };
}

/** The `params` of a put as read; a UserError for two versions, and for an `on_conflict` that means nothing. */
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
  return { ...raw, onConflict: parseChoice(raw.onConflict || 'fail', conflictAnswers, 'on_conflict') };
}

const conflictAnswers: readonly OnConflict[] = ['fail', 'skip', 'move'];
const formats: readonly ImageFormat[] = ['rootfs', 'oci', 'oci-layout'];

/** The format that a text names, `rootfs` when it is empty; a UserError for any other text. */
export function parseFormat(text: string): ImageFormat {
  return parseChoice(text || 'rootfs', formats, 'format');
}

function parseChoice<Choice extends string>(text: string, choices: readonly Choice[], name: string): Choice {
  const choice = choices.find((known) => known === text);
  if (choice === undefined) {
    const allowed = choices.map((known) => `'${known}'`).join(', ');
    const nearest = nearestKey(text, choices);
    throw new UserError(
      `unknown ${name} provided, must be one of ${allowed}: ${JSON.stringify(text)}`,
      nearest === undefined ? {} : { hint: `did you mean ${nearest}?` },
    );
  }
  return choice;
}
