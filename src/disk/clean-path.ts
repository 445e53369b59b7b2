// A path made shorter as text, without looking at the file system: Go's path.Clean and path.Join.
import { posix } from 'node:path';

/** The shortest path that means the same as text: no `.`, no inner `..`, no doubled or trailing slash; `.` if empty. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** The parts put behind each other and cleaned: an absolute second part counts from the first one; none: empty. */
export function joinPaths(...parts: string[]): string {
  const present = parts.filter((part) => part !== '');
  return present.length === 0 ? '' : cleanPath(present.join('/'));
}
