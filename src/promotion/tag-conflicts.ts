// Finds tags of a destination that manifests put on two digests, across all manifests and nested destinations.
import type { Digest } from '../oci/digest.ts';
import type {
  FilePosition,
  ManifestImage,
  ManifestProblem,
  ManifestRegistry,
  PromotionManifest,
} from './promotion-manifest.ts';
import { canonicalRegistry } from './registry-name.ts';

/** Images that land in a destination: those of a manifest whose names begin with `prefix`, without it. */
interface Contribution {
  readonly manifest: number;
  readonly prefix: string;
}

/** Destinations that receive the same images of the same manifests: they are checked once. */
interface Group {
  readonly contributions: readonly Contribution[];
  readonly destinations: ManifestRegistry[];
}

interface TaggedDigest extends FilePosition {
  readonly digest: Digest;
}

/**
 * An error for each tag of a destination repository that manifests put on two digests, at the later one. Destinations are
 * compared by whole path segments: `r/a` with the image `b/c`, and `r/a/b` with the image `c`, are one repository. Time and
 * memory grow with the manifests and their destinations, not with their product.
 */
export function findTagConflicts(manifests: readonly PromotionManifest[]): ManifestProblem[] {
  const names = manifests.map(({ images }) => new ImageNames(images));
  return groupsOf(manifests).flatMap((group) => conflictsOf(group, names));
}

function groupsOf(manifests: readonly PromotionManifest[]): Group[] {
  const direct = new Map<string, { destination: ManifestRegistry; manifests: Set<number> }>();
  for (const [index, { destinations }] of manifests.entries()) {
    for (const destination of destinations) {
      const name = canonicalRegistry(destination.name);
      const known = direct.get(name) ?? { destination, manifests: new Set() };
      direct.set(name, known);
      known.manifests.add(index);
    }
  }
  const groups = new Map<string, Group>();
  for (const [name, { destination, manifests: own }] of direct) {
    const contributions = [...own].map((manifest) => ({ manifest, prefix: '' }));
    for (const [above, prefix] of ancestors(name)) {
      for (const manifest of direct.get(above)?.manifests ?? []) {
        contributions.push({ manifest, prefix });
      }
    }
    const key = contributions.map(({ manifest, prefix }) => `${manifest} ${prefix}`).join('\n');
    const group = groups.get(key) ?? { contributions, destinations: [] };
    groups.set(key, group);
    group.destinations.push(destination);
  }
  return [...groups.values()].filter(({ contributions }) => contributions.length > 1);
}

/** The registries above a registry, nearest first, each with the prefix that leads from it: `r/a`, `b/` for `r/a/b`. */
function* ancestors(name: string): Generator<[above: string, prefix: string]> {
  for (let end = name.lastIndexOf('/'); end > 0; end = name.lastIndexOf('/', end - 1)) {
    yield [name.slice(0, end), `${name.slice(end + 1)}/`];
  }
}

function conflictsOf(
  { contributions, destinations }: Group,
  names: readonly ImageNames[],
): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const images = new Map<string, Map<string, TaggedDigest>>();
  for (const { manifest, prefix } of contributions) {
    for (const image of names[manifest]?.startingWith(prefix) ?? []) {
      const name = image.name.slice(prefix.length);
      const tags = images.get(name) ?? new Map<string, TaggedDigest>();
      if (prefix === '') {
        images.set(name, tags);
      }
      for (const { tag, ...second } of tagsOf(image)) {
        const first = tags.get(tag);
        if (first && first.digest !== second.digest) {
          problems.push(conflict(`${tag} of ${repositoriesText(destinations, name)}`, first, second));
        } else if (prefix === '') {
          // Two images from above meet in the destination above, and are compared there.
          tags.set(tag, second);
        }
      }
    }
  }
  return problems;
}

function* tagsOf({ digests }: ManifestImage): Generator<TaggedDigest & { readonly tag: string }> {
  for (const { digest, tags, tagLines, file, line } of digests) {
    for (const [index, tag] of tags.entries()) {
      yield { tag, digest, file, line: tagLines?.[index] ?? line };
    }
  }
}

function conflict(tag: string, first: TaggedDigest, { digest, file, line }: TaggedDigest): ManifestProblem {
  const other = `${first.digest} (${first.file}:${first.line})`;
  return { file, line, message: `the tag ${tag} is on two digests: ${other} and ${digest}` };
}

function repositoriesText([first, ...others]: readonly ManifestRegistry[], image: string): string {
  const rest = others.length === 0 ? '' : ` (and of ${others.length} more repositories)`;
  return `${first?.name}/${image}${rest}`;
}

/** The images of a manifest by the beginning of their names. */
class ImageNames {
  readonly #images: readonly ManifestImage[];
  #sorted: readonly ManifestImage[] | undefined;

  constructor(images: readonly ManifestImage[]) {
    this.#images = images;
  }

  startingWith(prefix: string): readonly ManifestImage[] {
    if (prefix === '') {
      return this.#images;
    }
    this.#sorted ??= this.#images.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const start = this.#firstFrom(this.#sorted, prefix);
    let end = start;
    while (this.#sorted[end]?.name.startsWith(prefix)) {
      end += 1;
    }
    return this.#sorted.slice(start, end);
  }

  /** Binary search for the first name that is not before the prefix. */
  #firstFrom(sorted: readonly ManifestImage[], prefix: string): number {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.name ?? '') < prefix) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
