// What a failure of the worker's own system means to a user, whatever was under way.
import { causes } from '../errors.ts';

const hints: Readonly<Record<string, string>> = {
  ENOSPC:
    'the disk is full: free or add space on the worker; a put keeps layers that it compresses in TMPDIR until they are pushed',
  EDQUOT: "the quota of the disk is used up: raise it, or free space in the worker's volumes",
  EROFS: 'the file system is read-only: the worker must let the resource write there',
  EACCES: 'the user of the container may not do this: check owner and permissions of the path',
  EMFILE: 'too many files are open: raise the limit of open files (ulimit -n) on the worker',
  ENFILE: 'too many files are open on the worker',
};

/** The next step after an error of the operating system anywhere among the causes, if there is one to name. */
export function systemHint(error: unknown): string | undefined {
  for (const level of causes(error)) {
    const code = level instanceof Error && 'code' in level ? level.code : undefined;
    const hint = typeof code === 'string' ? hints[code] : undefined;
    if (hint !== undefined) {
      return hint;
    }
  }
  return undefined;
}
