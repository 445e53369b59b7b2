// What is compared of the files of an image, as one string for each path.
import { displayName } from '../tar/byte-string.ts';
import type { FileRecord } from './file-tree.ts';

/** Kind, mode, owner, size and content of each file; with `times` the time of modification too. */
export function fileValues(
  tree: ReadonlyMap<string, FileRecord>,
  times: boolean,
): ReadonlyMap<string, string> {
  return new Map(
    [...tree].map(([path, { kind, mode, owner, size, content, modified }]) => {
      const details = [
        kind,
        mode.toString(8).padStart(4, '0'),
        owner,
        ...(kind === 'file' ? [`${size} bytes`] : []),
        ...(content === '' ? [] : [kind === 'symlink' ? `to ${displayName(content)}` : content]),
        ...(times ? [new Date(modified * 1000).toISOString()] : []),
      ];
      return [`/${displayName(path)}`, details.join(' ')];
    }),
  );
}
