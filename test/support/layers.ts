// Builds layers for tests: a list of entries becomes a tar, and the tar a blob.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';

/** One entry of a layer. By default a file 0644 (a directory 0755) of 0:0, from the start of 2020. */
export interface LayerEntry extends Partial<Omit<Header, 'name' | 'size' | 'pax'>> {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** PAX records, written in an extended header before the entry. */
  readonly pax?: Readonly<Record<string, string>>;
}

/** The compression of a layer's blob. */
export type LayerCompression = 'none' | 'gzip' | 'zstd';

/** Whose media types an image has. */
export type ImageFormat = 'oci' | 'docker';

/** A layer; `tar` is `bytes` decompressed, `diffId` the digest of `tar`. */
export interface Layer {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly tar: Buffer;
  readonly diffId: Digest;
}

/** The default time of files, configs and manifests. */
export const testTime: Date = new Date('2020-01-01T00:00:00Z');

/** A file. */
export function file(
  name: string,
  content: string | Uint8Array = '',
  more: Partial<LayerEntry> = {},
): LayerEntry {
  return { name, content, ...more };
}

/** A directory. */
export function directory(name: string, more: Partial<LayerEntry> = {}): LayerEntry {
  return { name: name.endsWith('/') ? name : `${name}/`, type: 'directory', ...more };
}

/** A symbolic link to any path. */
export function symlink(name: string, linkname: string): LayerEntry {
  return { name, type: 'symlink', linkname };
}

/** A hard link to an entry of this or a lower layer. */
export function hardLink(name: string, linkname: string): LayerEntry {
  return { name, type: 'link', linkname };
}

/** A whiteout: removes what lower layers have under this name. */
export function whiteout(name: string): LayerEntry {
  const slash = name.lastIndexOf('/') + 1;
  return { name: `${name.slice(0, slash)}.wh.${name.slice(slash)}` };
}

/** An opaque whiteout: removes what lower layers have in this directory. */
export function opaque(name: string): LayerEntry {
  return { name: `${name}/.wh..wh..opq` };
}

/** A tar archive of the entries, in order. The same entries result in the same bytes. */
export async function tarOf(entries: readonly LayerEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, type, ...header } of entries) {
    const mode = type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644;
    const complete = { mode, uid: 0, gid: 0, mtime: testTime, type: type ?? 'file', ...header };
    archive.entry(complete, Buffer.from(content ?? ''));
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Compresses bytes at the fastest level. */
export function compress(bytes: Uint8Array, compression: LayerCompression): Buffer {
  switch (compression) {
    case 'gzip':
      return gzipSync(bytes, { level: 1 });
    case 'zstd':
      return zstdCompressSync(bytes);
    case 'none':
      return Buffer.from(bytes);
  }
}

const types: Readonly<Record<ImageFormat, Readonly<Record<LayerCompression, string>>>> = {
  oci: { none: mediaTypes.ociLayerTar, gzip: mediaTypes.ociLayerGzip, zstd: mediaTypes.ociLayerZstd },
  // Docker has no type for zstd: such layers have the gzip type.
  docker: {
    none: mediaTypes.dockerLayerTar,
    gzip: mediaTypes.dockerLayerGzip,
    zstd: mediaTypes.dockerLayerGzip,
  },
};

/** A layer from entries, or from the bytes of a tar (well formed or not). */
export async function buildLayer(
  content: readonly LayerEntry[] | Uint8Array,
  options: {
    readonly format?: ImageFormat;
    readonly compression?: LayerCompression;
    readonly mediaType?: string;
  } = {},
): Promise<Layer> {
  const { format = 'oci', compression = 'gzip' } = options;
  const tar = content instanceof Uint8Array ? Buffer.from(content) : await tarOf(content);
  const bytes = compress(tar, compression);
  const mediaType = options.mediaType ?? types[format][compression];
  return { mediaType, bytes, digest: digestOf(bytes), tar, diffId: digestOf(tar) };
}
