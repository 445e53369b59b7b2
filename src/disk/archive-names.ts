// Finding the entry of a tarball by name: names are cleaned, links are followed inside the tarball.
import { posix } from 'node:path';
import { UserError } from '../errors.ts';
import type { ArchiveEntry } from '../tar/archive-index.ts';
import { cleanPath, joinPaths } from './clean-path.ts';

/** Docker with containerd's image store saves an image of which it has only a part. */
const incompleteHint =
  'the image was saved without all of its content: pull it again with "docker pull --platform", then save it';

/** Returns the file of a name. A name without one and a cycle of links are a {@link UserError}. */
export type FindEntry = (name: string) => ArchiveEntry;

/**
 * Finds names as go-containerregistry's tarball package does: the first of several equal names counts, and the target of
 * a link, symbolic or hard, relative or absolute, is relative to the directory of the name that was looked up.
 */
export function entryFinder(entries: readonly ArchiveEntry[]): FindEntry {
  const byName = new Map<string, ArchiveEntry>();
  for (const entry of entries) {
    const name = cleanPath(entry.name);
    if (!byName.has(name)) {
      byName.set(name, entry);
    }
  }
  return (wanted) => {
    const visited = new Set<string>();
    for (let name = cleanPath(wanted); ; ) {
      if (visited.has(name)) {
        throw new UserError(`the links of ${name} in the tarball form a cycle`);
      }
      visited.add(name);
      const entry = byName.get(name);
      if (entry === undefined) {
        const via = visited.size > 1 ? `, to which ${wanted} is a link,` : '';
        throw new UserError(`file ${name}${via} not found in the tarball`, {
          hint: name.startsWith('blobs/sha256/') ? incompleteHint : undefined,
        });
      }
      if (entry.type === 'file') {
        return entry;
      }
      if (entry.type !== 'symlink' && entry.type !== 'hardlink') {
        throw new UserError(`${name} in the tarball is not a file (${entry.type})`);
      }
      name = joinPaths(posix.dirname(name), cleanPath(entry.linkName));
    }
  };
}
