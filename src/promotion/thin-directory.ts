// Finds the promotion manifests of a thin directory: manifests/NAME/promoter-manifest.yaml with images/NAME/images.yaml.
import { join } from 'node:path';
import { findFiles } from './folder-tree.ts';
import type { ThinManifestFiles } from './manifest-file.ts';
import type { ManifestProblems } from './manifest-problems.ts';

const manifestFile = 'promoter-manifest.yaml';
const imagesFile = 'images.yaml';

/**
 * The files of the manifests of a directory, by name. Other files are ignored, and names that begin with a dot. Reports
 * what is missing, what is not where it belongs, and what belongs to no manifest.
 */
export async function findThinManifests(
  directory: string,
  problems: ManifestProblems,
): Promise<ThinManifestFiles[]> {
  const manifests = await findFiles(directory, 'manifests', manifestFile);
  const images = await findFiles(directory, 'images', imagesFile);
  for (const { path, message } of [...manifests.faults, ...images.faults]) {
    problems.of(path).error(1, message);
  }
  const found: ThinManifestFiles[] = [];
  const needed = new Set<string>();
  const listed = new Set(images.files.map(({ path }) => path));
  for (const { path, folders } of manifests.files) {
    const [folder = '', ...deeper] = folders;
    if (folder === '' || deeper.length > 0) {
      const place = join(directory, 'manifests', 'NAME', manifestFile);
      problems.of(path).error(1, `the manifest is not used: it must be at ${place}`);
      continue;
    }
    const list = join(directory, 'images', folder, imagesFile);
    needed.add(list);
    if (listed.has(list)) {
      found.push({ folder, registries: path, images: list });
    } else {
      problems.of(path).error(1, `the images of the manifest are missing: there is no ${list}`);
    }
  }
  reportIdle(directory, { manifests: manifests.folders, needed, listed }, problems);
  if (manifests.files.length === 0 && manifests.faults.length === 0) {
    const expected = `${join('manifests', 'NAME', manifestFile)} and ${join('images', 'NAME', imagesFile)}`;
    problems.of(directory).error(1, `the directory has no manifest: expected are ${expected}`);
  }
  return found;
}

/** Folders of `manifests` without a manifest, and lists of images without one. */
function reportIdle(
  directory: string,
  {
    manifests,
    needed,
    listed,
  }: {
    readonly manifests: readonly string[];
    readonly needed: ReadonlySet<string>;
    readonly listed: ReadonlySet<string>;
  },
  problems: ManifestProblems,
): void {
  for (const folder of manifests) {
    if (!needed.has(join(directory, 'images', folder, imagesFile))) {
      const path = join(directory, 'manifests', folder);
      problems.of(path).warning(1, `the folder is skipped: it has no ${manifestFile}`);
    }
  }
  for (const path of listed) {
    if (!needed.has(path)) {
      problems.of(path).warning(1, 'no promoter manifest belongs to this list of images');
    }
  }
}
