// Reads the promotion manifests of a file or of a thin directory, with everything that is wrong in them.
import { stat } from 'node:fs/promises';
import { compileAsUsual } from '../compilation.ts';
import { mapConcurrently } from '../limiter.ts';
import { readPlainManifest, readThinManifest } from './manifest-file.ts';
import { ManifestProblems } from './manifest-problems.ts';
import type { ManifestReading } from './promotion-manifest.ts';
import { findTagConflicts } from './tag-conflicts.ts';
import { findThinManifests } from './thin-directory.ts';

/** Where manifests are: a plain manifest in a file, or a directory of thin ones. */
export type ManifestLocation = { readonly manifest: string } | { readonly thinDirectory: string };

const fileConcurrency = 8;

/** Takes a path for a thin directory when it is a directory, and else for a plain manifest. */
export async function locateManifests(path: string): Promise<ManifestLocation> {
  const isDirectory = await stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
  return isDirectory ? { thinDirectory: path } : { manifest: path };
}

/**
 * Reads manifests and checks them, each by itself and all together. Never throws for what is in the files: all errors and
 * warnings are in the result, by file and line, and so is a file that cannot be read.
 */
export async function readManifests(location: ManifestLocation): Promise<ManifestReading> {
  // They are read faster than a timer would come.
  compileAsUsual();
  const problems = new ManifestProblems();
  const read =
    'manifest' in location
      ? [await readPlainManifest(location.manifest, problems)]
      : await mapConcurrently(
          await findThinManifests(location.thinDirectory, problems),
          fileConcurrency,
          (files) => readThinManifest(files, problems),
        );
  const manifests = read.filter((manifest) => manifest !== undefined);
  problems.addErrors(findTagConflicts(manifests));
  return { manifests, errors: problems.errors, warnings: problems.warnings };
}
