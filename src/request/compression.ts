// `params.compression` and `params.compression_level`: how a put compresses plain layers.
import {
  compressionLevels,
  type LayerCompression,
  usualCompression,
} from '../compression/layer-compression.ts';
import { UserError } from '../errors.ts';
import { parseChoice } from './choice.ts';

/** The params as they are written; empty strings are unset. */
export interface RawCompression {
  readonly compression: string;
  readonly compressionLevel: string;
}

const formats: readonly LayerCompression['format'][] = ['gzip', 'zstd'];

/**
 * The compression; undefined where neither is stated. A level alone is one of gzip. Throws a UserError for an unknown format,
 * a level that the format does not have, and either beside `from`, which changes no byte of its image.
 */
export function parseCompression(
  { compression, compressionLevel }: RawCompression,
  image: 'image' | 'from' | 'manifests',
): LayerCompression | undefined {
  if (compression === '' && compressionLevel === '') {
    return undefined;
  }
  if (image === 'from') {
    const key = compression === '' ? 'compression_level' : 'compression';
    throw new UserError(`params.${key} has no effect on params.from`, {
      hint: 'an image that is promoted keeps its digest: set it where the image is built',
    });
  }
  const format = parseChoice(compression || usualCompression.format, formats, 'compression');
  return { format, level: parseLevel(compressionLevel, format) };
}

function parseLevel(text: string, format: LayerCompression['format']): number {
  const { lowest, highest, usual } = compressionLevels[format];
  if (text === '') {
    return usual;
  }
  const level = /^[0-9]{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (!(level >= lowest && level <= highest)) {
    throw new UserError(
      `params.compression_level must be a whole number from ${lowest} to ${highest} for ${format}: ${JSON.stringify(text)}`,
    );
  }
  return level;
}
