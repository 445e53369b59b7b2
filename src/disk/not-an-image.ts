// Errors for a file or directory that is not an image, with a hint what to use instead.
import { basename } from 'node:path';
import { detectCompression } from '../compression/detect.ts';
import { UserError } from '../errors.ts';
import { cleanPath } from './clean-path.ts';

/** How many bytes of a file {@link refuseFile} needs. */
export const headLength = 6;

const formats = 'an image is a tarball as "docker save" writes it, or a directory with an OCI layout';

const packers: readonly {
  readonly name: string;
  readonly unpack: string;
  readonly signature: readonly number[];
}[] = [
  { name: 'bzip2', unpack: 'bunzip2', signature: [0x42, 0x5a, 0x68] },
  { name: 'xz', unpack: 'unxz', signature: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
];

/** Throws a {@link UserError} when a file of a size, which starts with `head`, cannot be a plain tarball. */
export function refuseFile(head: Uint8Array, size: number): void {
  if (head.length === 0) {
    throw new UserError('the file is empty', { hint: formats });
  }
  const compression = detectCompression(head);
  const packer = packers.find(({ signature }) =>
    signature.every((byte, position) => head[position] === byte),
  );
  const name = compression === 'none' ? packer?.name : compression;
  if (name !== undefined) {
    const program = packer?.unpack ?? (compression === 'zstd' ? 'unzstd' : 'gunzip');
    throw new UserError(`the file is compressed with ${name}, and an image tarball must be uncompressed`, {
      hint: `decompress it first, with ${program}; the layers inside may be compressed`,
    });
  }
  if (size < tarHeaderSize) {
    throw new UserError(`it has only ${size} bytes`, { code: 'NOT_AN_ARCHIVE' });
  }
}

/** A file of less than one header is not a tar archive that was cut short. */
const tarHeaderSize = 512;

/** The error for a file that is not a tar archive, with a hint by its name. */
export function noArchiveError(path: string, cause: unknown): UserError {
  return new UserError('the file is not a tar archive', {
    cause,
    hint:
      basename(path) === 'index.json'
        ? 'this is a part of an OCI layout: use the directory that it is in'
        : formats,
  });
}

/** The error for a tarball without manifest.json that has entries of these names. */
export function noManifestError(names: readonly string[]): UserError {
  const layout = names.map(cleanPath).find((name) => /^([^/]+\/)?(oci-layout|index\.json)$/.test(name));
  return layout === undefined
    ? new UserError('file manifest.json not found in the tarball', { hint: formats })
    : new UserError(`file manifest.json not found in the tarball: it is an OCI layout (it has ${layout})`, {
        hint: 'unpack it and use the directory',
      });
}

/** The error for a directory without index.json that has entries of these names. */
export function noIndexError(directory: string, names: readonly string[]): UserError {
  return new UserError('the directory is not an OCI layout: it has no index.json', {
    hint: directoryHint(directory, names) ?? formats,
  });
}

function directoryHint(directory: string, names: readonly string[]): string | undefined {
  const tarballs = names.filter((name) => name.endsWith('.tar'));
  const [tarball] = tarballs;
  if (names.includes('oci')) {
    return `did you mean ${directory}/oci?`;
  }
  if (tarball !== undefined && tarballs.length === 1) {
    return `did you mean ${directory}/${tarball}?`;
  }
  if (tarballs.length > 1) {
    return `name one of its tarballs: ${tarballs.sort().join(', ')}`;
  }
  if (names.includes('rootfs')) {
    return 'this is an unpacked image, which cannot be pushed: get it with the param "format: oci"';
  }
  if (names.includes('manifest.json')) {
    return 'this is an unpacked image tarball: use the tarball itself';
  }
  return names.length === 0 ? `the directory is empty; ${formats}` : undefined;
}
