// Reads one promotion manifest: a plain one from its file, a thin one from the two files that are its halves.
import { readFields } from '../yaml/yaml-fields.ts';
import { readYamlFile } from '../yaml/yaml-file.ts';
import type { YamlEntry, YamlNode } from '../yaml/yaml-node.ts';
import { type ReadImage, readImages } from './manifest-images.ts';
import type { FileProblems, ManifestProblems } from './manifest-problems.ts';
import { type ManifestRegistries, readRegistries } from './manifest-registries.ts';
import type { PromotionManifest } from './promotion-manifest.ts';
import { canonicalRegistry, repositoryFault } from './registry-name.ts';

/** Where the halves of a thin manifest are, and the name of their folders. */
export interface ThinManifestFiles {
  readonly folder: string;
  readonly registries: string;
  readonly images: string;
}

/** A manifest with `registries` and `images` in one file; undefined, with the reasons reported, when it is unusable. */
export async function readPlainManifest(
  file: string,
  problems: ManifestProblems,
): Promise<PromotionManifest | undefined> {
  const root = await readRoot(file, problems);
  const own = problems.of(file);
  if (root === undefined || isNoManifest(root, own)) {
    return undefined;
  }
  const fields = readFields(root, ['registries', 'images'], own.error);
  const registries = readRequired(fields.registries, root.line, own);
  if (fields.images === undefined) {
    const advice = 'a manifest without them is half of a thin one, which is read with its directory';
    own.error(root.line, `images is missing: ${advice}`);
    return undefined;
  }
  return combine(file, registries, readImages(fields.images.value, own), own);
}

/** A manifest of a thin directory; undefined, with the reasons reported, when it is unusable. */
export async function readThinManifest(
  files: ThinManifestFiles,
  problems: ManifestProblems,
): Promise<PromotionManifest | undefined> {
  const root = await readRoot(files.registries, problems);
  const list = await readRoot(files.images, problems);
  const own = problems.of(files.registries);
  const ofImages = problems.of(files.images);
  const images = list && readImages(list, ofImages);
  if (root === undefined || isNoManifest(root, own)) {
    return undefined;
  }
  const fields = readFields(root, ['registries', 'imagesPath'], own.error);
  if (fields.imagesPath) {
    own.warning(fields.imagesPath.line, `imagesPath is ignored: the images are in ${files.images}`);
  }
  const registries = readRequired(fields.registries, root.line, own);
  const manifest = images && combine(files.registries, registries, images, ofImages);
  return manifest && { ...manifest, folder: files.folder };
}

async function readRoot(file: string, problems: ManifestProblems): Promise<YamlNode | undefined> {
  const { root, errors } = await readYamlFile(file);
  problems.addYaml(file, errors);
  return errors.length > 0 ? undefined : root;
}

function isNoManifest(root: YamlNode, problems: FileProblems): root is Exclude<YamlNode, { kind: 'map' }> {
  if (root.kind === 'empty') {
    problems.error(root.line, 'the manifest is empty: registries is missing');
  } else if (root.kind !== 'map') {
    problems.error(root.line, 'a manifest must be a map with the key registries');
  }
  return root.kind !== 'map';
}

function readRequired(
  entry: YamlEntry | undefined,
  line: number,
  problems: FileProblems,
): ManifestRegistries | undefined {
  if (entry === undefined) {
    problems.error(line, 'registries is missing');
    return undefined;
  }
  return readRegistries(entry, problems);
}

function combine(
  file: string,
  registries: ManifestRegistries | undefined,
  images: readonly ReadImage[],
  ofImages: FileProblems,
): PromotionManifest | undefined {
  if (!registries) {
    return undefined;
  }
  checkRepositories(registries, images, ofImages);
  return { file, ...registries, images: images.map(({ name, digests }) => ({ name, digests })) };
}

/** Whether a registry and the name of an image make the name of a repository: it may be too long, or too short. */
function checkRepositories(
  { source, destinations }: ManifestRegistries,
  images: readonly ReadImage[],
  problems: FileProblems,
): void {
  const registries = [source, ...destinations].map(({ name }) => ({ name, length: pathLength(name) }));
  const byLength = registries.sort((a, b) => a.length - b.length);
  const extremes = [byLength.at(0)?.name, byLength.at(-1)?.name];
  for (const { name, line } of images) {
    const [fault] = extremes.flatMap((registry) => repositoryFault(`${registry}/${name}`) ?? []);
    if (fault !== undefined) {
      problems.error(line, `the name of an image is not valid below its registries: ${fault}`);
    }
  }
}

/** How long the path of a registry is after its host. */
function pathLength(registry: string): number {
  const canonical = canonicalRegistry(registry);
  const host = canonical.split('/', 1)[0] ?? '';
  return canonical.length - host.length;
}
