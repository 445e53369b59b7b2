// How plain layers are compressed for a push: the formats, and the levels of each.
import { zstdCompress } from 'node:zlib';
import { UserError } from '../errors.ts';

/** A format and one of its {@link compressionLevels}. */
export interface LayerCompression {
  readonly format: 'gzip' | 'zstd';
  readonly level: number;
}

/** The levels of a format. */
export interface CompressionLevels {
  readonly lowest: number;
  readonly highest: number;
  /** Where none is stated. */
  readonly usual: number;
}

/**
 * The levels of each format. Level 1 of gzip is upstream's choice, level 3 of zstd that of its own library. The levels of zstd
 * above 19 need a window that readers may refuse (RFC 8878 section 3.1.1.1.2).
 */
export const compressionLevels: Readonly<Record<LayerCompression['format'], CompressionLevels>> = {
  gzip: { lowest: 1, highest: 9, usual: 1 },
  zstd: { lowest: 1, highest: 19, usual: 3 },
};

/** How layers are compressed where nothing is stated: a format that every client reads. */
export const usualCompression: LayerCompression = { format: 'gzip', level: compressionLevels.gzip.usual };

/** Throws a {@link UserError} when the runtime cannot compress in the format; `zstd` is what it has for zstd. */
export function requireCompressor(
  { format }: LayerCompression,
  zstd: unknown = zstdCompress,
  runtime: string = process.version,
): void {
  if (format === 'zstd' && typeof zstd !== 'function') {
    throw new UserError(`layers cannot be compressed with zstd: Node ${runtime} has none`, {
      hint: 'use Node 22.15 or newer, or the native executable, or params.compression: gzip',
    });
  }
}
