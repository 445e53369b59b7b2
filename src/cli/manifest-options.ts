// The promotion manifests that the options of a command name, read and without errors.
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ManifestProblem, PromotionManifest } from '../promotion/promotion-manifest.ts';
import { type ManifestLocation, readManifests } from '../promotion/read-manifests.ts';
import { counted, printable } from './table.ts';

/** Options that say where manifests are; exactly one of them is given. */
export interface ManifestOptions {
  readonly manifest?: string;
  readonly thinManifestDir?: string;
}

/**
 * Reads the manifests and logs their warnings. Throws a UserError without exactly one of the options, and for manifests
 * with errors, after it has logged all of them.
 */
export async function readNamedManifests(
  options: ManifestOptions,
  log: Log,
): Promise<readonly PromotionManifest[]> {
  return await readLocatedManifests(locationOf(options), log);
}

/** Which manifests the options name, for a report page. */
export function manifestsFact({
  manifest,
  thinManifestDir,
}: ManifestOptions): [[name: string, value: string]] {
  return [['Manifests', manifest ?? thinManifestDir ?? '']];
}

/** The same for manifests at a place. */
export async function readLocatedManifests(
  location: ManifestLocation,
  log: Log,
): Promise<readonly PromotionManifest[]> {
  const { manifests, errors, warnings } = await readManifests(location);
  for (const warning of warnings) {
    log.warn(problemLine(warning));
  }
  for (const error of errors) {
    log.plain(problemLine(error));
  }
  if (errors.length > 0) {
    throw new UserError(`the promotion manifests have ${counted(errors.length, 'error')}`);
  }
  return manifests;
}

/** `file:line: message`. */
export function problemLine({ file, line, message }: ManifestProblem): string {
  return printable(`${file}:${line}: ${message}`);
}

/** Throws a UserError when it is not one option with a value. */
function locationOf({ manifest, thinManifestDir }: ManifestOptions): ManifestLocation {
  if (manifest !== undefined && thinManifestDir !== undefined) {
    throw new UserError('--manifest and --thin-manifest-dir are both given: only one of them is possible');
  }
  if (manifest === '' || thinManifestDir === '') {
    throw new UserError(`${manifest === '' ? '--manifest' : '--thin-manifest-dir'} is empty`, {
      hint: 'name the manifests; a variable that is not set leaves nothing of it',
    });
  }
  if (manifest !== undefined) {
    return { manifest };
  }
  if (thinManifestDir !== undefined) {
    return { thinDirectory: thinManifestDir };
  }
  throw new UserError('no promotion manifests are given', {
    hint: 'name a file with --manifest, or a directory with --thin-manifest-dir',
  });
}
