// Unpacks archives in tests and lists the result.
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { errorText } from '../../src/errors.ts';
import { createLog, type Log } from '../../src/log.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { removeTree } from '../../src/rootfs/remove-tree.ts';
import { type UnpackLayer, type UnpackOptions, unpackLayers } from '../../src/rootfs/unpack.ts';

/** Whether this process may change the owner of files. */
export const isRoot: boolean = process.getuid?.() === 0;

/** Creates a log that records its lines. */
export function recordingLog(debug = false): { log: Log; text: () => string } {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), now: () => 0, startedAt: 0 }, debug);
  return { log, text: () => lines.join('') };
}

/** A layer that is served in one piece. */
export function layerOf(bytes: Buffer): UnpackLayer {
  return { digest: digestOf(bytes), open: async () => Readable.from(bytes.length > 0 ? [bytes] : []) };
}

/** Creates a directory and returns the path of a `root` in it, which does not exist yet. */
export function newPlace(): { directory: string; root: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'unpack-'));
  return { directory, root: join(directory, 'root'), remove: () => removeTree(directory) };
}

/** Unpacks archives as layers, the lowest first; returns the message of the error, if there is one. */
export async function unpackInto(
  root: string,
  archives: readonly Buffer[],
  log = recordingLog().log,
  options: Partial<UnpackOptions> = {},
): Promise<string | undefined> {
  try {
    await unpackLayers(archives.map(layerOf), root, { asRoot: isRoot, log, ...options });
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

/** Everything below a directory: one line per file with type, mode, owner, time and content. */
export function snapshot(directory: string, except?: string): string[] {
  const lines: string[] = [];
  const visit = (path: string) => {
    const { mode, uid, gid, size, mtimeMs, nlink } = lstatSync(path);
    const type = mode & 0o170000;
    const about =
      type === 0o100000
        ? `${size} ${nlink} ${createHash('md5').update(readFileSync(path)).digest('hex')}`
        : type === 0o120000
          ? `-> ${readlinkSync(path)}`
          : '';
    const time = path === directory ? '' : mtimeMs;
    lines.push(`${path} ${mode.toString(8)} ${uid}:${gid} ${time} ${about}`);
    if (type === 0o040000) {
      for (const name of readdirSync(path).sort()) {
        if (join(path, name) !== except) {
          visit(join(path, name));
        }
      }
    }
  };
  visit(directory);
  return lines;
}

/** The names below a directory, sorted: directories with a slash, links with their target, files with their content. */
export function tree(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string, name: string) => {
    for (const child of readdirSync(path).sort()) {
      const at = join(path, child);
      const stat = lstatSync(at);
      if (stat.isDirectory()) {
        found[`${name}${child}/`] = '';
        visit(at, `${name}${child}/`);
      } else {
        found[`${name}${child}`] = stat.isSymbolicLink()
          ? `-> ${readlinkSync(at)}`
          : readFileSync(at, 'utf8');
      }
    }
  };
  visit(root, '');
  return found;
}
