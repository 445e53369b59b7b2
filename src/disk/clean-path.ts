// Cleaning and joining paths without access to the file system, as Go's path.Clean and path.Join do.
import { posix } from 'node:path';

/**
 * The shortest equivalent path: without `.`, inner `..`, doubled or trailing slashes; `.` for an empty one. Symbolic links
 * are not resolved.
 */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** The parts joined by slashes and cleaned; an absolute second part is below the first one. Empty without parts. */
export function joinPaths(...parts: string[]): string {
  const present = parts.filter((part) => part !== '');
  return present.length === 0 ? '' : cleanPath(present.join('/'));
}
