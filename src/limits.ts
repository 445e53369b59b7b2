// The bounds on the size and count of foreign input: documents, archives, names. What exceeds one is an error.

const kibi = 1024;
const mebi = 1024 * kibi;

/** Bytes of a manifest, index, config or `manifest.json` on disk. More than any has; registries stop at 4 MiB. */
export const maximumDiskDocument: number = 32 * mebi;

/** Bytes of an extended header or a GNU long name of a tar archive, as in Go's archive/tar and libarchive. */
export const maximumExtendedHeader: number = mebi;

/** Bytes of the map of a sparse file in a tar archive, as in Go's archive/tar. */
export const maximumSparseMap: number = mebi;

/** Bytes of a file name or link target: PATH_MAX of Linux. The kernel takes no longer one. */
export const maximumPath = 4096;

/** Symbolic links followed in one path: as many as Linux follows. More are a cycle. */
export const maximumSymlinks = 40;

/** Bytes of a name from an archive that an error message quotes; an archive may hold names of a megabyte. */
export const maximumQuotedName = 200;
