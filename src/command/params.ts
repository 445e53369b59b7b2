// What `params` of a get and of a put configure.
import { UserError } from '../errors.ts';
import type { WantedPlatform } from '../oci/platform.ts';
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

/** The `params` of a put; empty texts mean unset. */
export interface OutParams {
  /** A glob relative to the directory of artifacts. */
  readonly image: string;
  /** The version to publish as a tag. */
  readonly version: string;
  readonly bumpAliases: boolean;
  /** The path of a file with tags, relative to the directory of artifacts. */
  readonly additionalTags: string;
  /** Goes in front of the additional tags. */
  readonly tagPrefix: string;
}

/** Reads the `params` of a get; `format` is text that {@link parseFormat} has yet to judge. */
export function readRawInParams(object: ObjectReader) {
  return {
    format: object.text('format'),
    platform: object.optionalObject('platform', readPlatform),
    skipDownload: object.flag('skip_download'),
  };
}

/** Reads the `params` of a put. */
export function readOutParams(object: ObjectReader): OutParams {
  return {
    image: object.text('image'),
    version: object.text('version'),
    bumpAliases: object.flag('bump_aliases'),
    additionalTags: object.text('additional_tags'),
    tagPrefix: object.text('tag_prefix'),
  };
}

const formats: readonly ImageFormat[] = ['rootfs', 'oci', 'oci-layout'];

/** The format that a text names, `rootfs` when it is empty; a UserError for any other text. */
export function parseFormat(text: string): ImageFormat {
  const format = formats.find((known) => known === (text || 'rootfs'));
  if (format === undefined) {
    const allowed = formats.map((known) => `'${known}'`).join(', ');
    const nearest = nearestKey(text, formats);
    throw new UserError(
      `unknown format provided, must be one of ${allowed}: ${JSON.stringify(text)}`,
      nearest === undefined ? {} : { hint: `did you mean ${nearest}?` },
    );
  }
  return format;
}
