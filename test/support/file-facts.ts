// Type, mode, owner, time and content of every file in a tree, so that two trees can be compared.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** One file; times in microseconds, because some file systems keep no finer ones. */
export interface FileFacts {
  readonly type: 'file' | 'directory' | 'link' | 'fifo' | 'device';
  /** Permission bits in octal; empty for a symbolic link. */
  readonly mode: string;
  readonly owner: string;
  readonly modified: bigint;
  /** The sha256 of a file's content, the target of a link. */
  readonly content: string;
  /** The first path that is the same file. */
  readonly sameAs: string;
}

/** Every file below a directory, by its path relative to it; `.` is the directory itself. Devices are left out. */
export function fileFacts(root: string): Record<string, FileFacts> {
  const facts: Record<string, FileFacts> = {};
  const first = new Map<bigint, string>();
  const visit = (path: string, name: string) => {
    const found = lstatSync(path, { bigint: true });
    const type = found.isDirectory()
      ? 'directory'
      : found.isSymbolicLink()
        ? 'link'
        : found.isFIFO()
          ? 'fifo'
          : found.isFile()
            ? 'file'
            : 'device';
    if (type === 'device') {
      return;
    }
    if (!first.has(found.ino)) {
      first.set(found.ino, name);
    }
    facts[name] = {
      type,
      mode: type === 'link' ? '' : (Number(found.mode) & 0o7777).toString(8),
      owner: `${found.uid}:${found.gid}`,
      modified: found.mtimeNs / 1000n,
      content:
        type === 'file'
          ? createHash('sha256').update(readFileSync(path)).digest('hex')
          : type === 'link'
            ? readlinkSync(path)
            : '',
      sameAs: first.get(found.ino) ?? name,
    };
    if (type === 'directory') {
      for (const child of readdirSync(path).sort()) {
        visit(join(path, child), name === '.' ? child : `${name}/${child}`);
      }
    }
  };
  visit(root, '.');
  return facts;
}
