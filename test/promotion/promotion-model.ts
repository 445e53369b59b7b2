// The contract of promotion as sets, written without the code under test: what every destination repository holds at the end.
import fc from 'fast-check';
import type { Root } from '../support/images.ts';

/** Which root each tag is on, by the number of the root; no entry without the tag. */
export type Tags = Readonly<Record<string, number>>;

/** The signatures of a root by name, in the order of the list under its tag `sha256-….sig`. */
export type Signatures = readonly string[];

/** What a repository holds: roots by their numbers, and tags. */
export interface Holding {
  readonly held: readonly number[];
  readonly tags: Tags;
  /** The signatures that a root has there, by its number. */
  readonly signed: Readonly<Record<string, Signatures>>;
  /** The roots that have an SBOM of their own there, under a tag. */
  readonly described: readonly number[];
}

/** What a manifest says of one image name: digests, and their tags. */
export interface Wanted {
  readonly wanted: readonly number[];
  readonly tags: Tags;
}

/** What is generated. */
export interface Case {
  /** What the source has of each image name. */
  readonly source: Readonly<Record<ImageName, readonly number[]>>;
  /** The roots that have a referrer, signatures and an SBOM at the source, where they are there. */
  readonly attached: readonly number[];
  /** What each destination repository has before, by its place. */
  readonly before: Readonly<Record<Place, Holding>>;
  readonly images: Readonly<Record<ImageName, Wanted>>;
  readonly allowMoves: boolean;
  /** Whether the registries have the referrers endpoint. */
  readonly hasReferrers: boolean;
  /** By one command, or by a saved plan. */
  readonly way: 'promote' | 'apply';
  /** Where a run is cut: at a request, or at the PUT of a manifest. */
  readonly cut: { readonly of: 'requests' | 'manifests'; readonly at: number };
}

/** The names of the images in the manifest. `sub/app` of `prod` is where `app` of `prod/sub` goes, too. */
export const imageNames = ['app', 'sub/app'] as const;
export type ImageName = (typeof imageNames)[number];

/** The destinations: a registry by its number, and a path on it. */
export const destinations = ['0/prod', '1/prod', '0/prod/sub'] as const;

/** All repositories that something may be promoted into. */
export const places = [
  '0/prod/app',
  '0/prod/sub/app',
  '0/prod/sub/sub/app',
  '1/prod/app',
  '1/prod/sub/app',
] as const;
export type Place = (typeof places)[number];

const someRoots = fc.subarray([0, 1, 2, 3]);
const someTags: fc.Arbitrary<Tags> = fc.dictionary(
  fc.constantFrom('1.0', '2.0', 'latest', 'edge'),
  fc.integer({ min: 0, max: 3 }),
  { maxKeys: 4 },
);

/** What every attached root has at the source. */
export const sourceSignatures: Signatures = ['first', 'second'];

const holding: fc.Arbitrary<Holding> = fc.record({
  held: someRoots,
  tags: someTags,
  signed: fc.dictionary(
    fc.constantFrom('0', '1', '2', '3'),
    fc.shuffledSubarray([...sourceSignatures, 'own', 'another'], { minLength: 1 }),
  ),
  described: someRoots,
});
const wanted: fc.Arbitrary<Wanted> = fc.record({
  wanted: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
  tags: someTags,
});

/** Any state of source and destinations, and any manifest. */
export const anyCase: fc.Arbitrary<Case> = fc.record({
  source: fc.record({ app: someRoots, 'sub/app': someRoots }),
  attached: someRoots,
  before: fc.record({
    '0/prod/app': holding,
    '0/prod/sub/app': holding,
    '0/prod/sub/sub/app': holding,
    '1/prod/app': holding,
    '1/prod/sub/app': holding,
  }),
  images: fc.record({ app: wanted, 'sub/app': wanted }),
  allowMoves: fc.boolean(),
  hasReferrers: fc.boolean(),
  way: fc.constantFrom('promote', 'apply'),
  cut: fc.oneof(
    fc.record({ of: fc.constant('requests' as const), at: fc.integer({ min: 1, max: 250 }) }),
    fc.record({ of: fc.constant('manifests' as const), at: fc.integer({ min: 1, max: 40 }) }),
  ),
});

/** One edge, by the number of its root. */
export interface ModelEdge {
  readonly place: Place;
  readonly sources: readonly ImageName[];
  readonly root: number;
  readonly tag: string | null;
}

/** What is known of the end. */
export interface Expected {
  /** One tag of one repository is wanted on two digests: nothing at all is done. */
  readonly isConflict: boolean;
  readonly tags: Readonly<Record<Place, Tags>>;
  /** The edges that are carried out, and those that need nothing. */
  readonly done: readonly ModelEdge[];
  readonly present: readonly ModelEdge[];
  readonly lost: readonly ModelEdge[];
  readonly moves: readonly ModelEdge[];
}

/** The end of a promotion by the set semantics; `below` lists the roots that are held with a root. */
export function expectedEnd(generated: Case, below: (root: number) => readonly number[]): Expected {
  const { source, before, images, allowMoves } = generated;
  const edges = edgesOf(images);
  const after = new Map(places.map((place) => [place, { ...before[place].tags }]));
  const groups = { done: [], present: [], lost: [], moves: [] } as Record<
    'done' | 'present' | 'lost' | 'moves',
    ModelEdge[]
  >;
  for (const edge of edges) {
    const { place, sources, root, tag } = edge;
    const { held, tags } = before[place];
    const isThere = [...held, ...Object.values(tags)].flatMap(below).includes(root);
    const isAtSource = sources.some((name) => source[name].flatMap(below).includes(root));
    if (tag === null ? isThere : tags[tag] === root) {
      groups.present.push(edge);
    } else if (!isThere && !isAtSource) {
      groups.lost.push(edge);
    } else if (tag !== null && tags[tag] !== undefined && !allowMoves) {
      groups.moves.push(edge);
    } else {
      groups.done.push(edge);
      if (tag !== null) {
        (after.get(place) as Record<string, number>)[tag] = root;
      }
    }
  }
  const onTags = new Map<string, Set<number>>();
  for (const { place, root, tag } of edges) {
    const key = `${place}:${tag}`;
    onTags.set(key, (onTags.get(key) ?? new Set()).add(tag === null ? 0 : root));
  }
  const isConflict = [...onTags.values()].some(({ size }) => size > 1);
  return {
    isConflict,
    tags: isConflict
      ? (Object.fromEntries(places.map((place) => [place, before[place].tags])) as Expected['tags'])
      : (Object.fromEntries(after) as Expected['tags']),
    ...groups,
  };
}

/**
 * What a run that is complete leaves to the next one. A digest that was lost may have come since, below an index of another
 * source: no plan can know that without reading the index. A saved plan stays as it was.
 */
export function nextCase(generated: Case, { done, tags }: Expected): Case {
  if (generated.way === 'apply') {
    return generated;
  }
  const before = places.map((place): [Place, Holding] => {
    const holding = generated.before[place];
    const brought = done.filter((edge) => edge.place === place).map(({ root }) => root);
    // A digest stays when its tag moves.
    const held = [...holding.held, ...Object.values(holding.tags), ...brought];
    return [place, { ...holding, held, tags: tags[place] }];
  });
  return { ...generated, before: Object.fromEntries(before) as Case['before'] };
}

/** The signatures of an attached root once it was promoted: those of the destination stay first, unless the source has them all. */
export function signaturesAfter(before: Signatures = []): Signatures {
  const isPart = before.every((name) => sourceSignatures.includes(name));
  const isWhole = sourceSignatures.every((name) => before.includes(name));
  return isPart && !isWhole
    ? sourceSignatures
    : [...before, ...sourceSignatures.filter((name) => !before.includes(name))];
}

/** Whether SBOMs of a destination may be replaced: a saved plan names none. */
export function mayReplaceSboms({ allowMoves, way }: Case): boolean {
  return allowMoves && way === 'promote';
}

/** Whether an image name is promoted to a place from any destination. */
function leadsTo(name: ImageName, place: Place): boolean {
  return destinations.some((destination) => `${destination}/${name}` === place);
}

/** Each edge once, with all sources that the content may come from. */
function edgesOf(images: Case['images']): ModelEdge[] {
  const found = new Map<string, ModelEdge>();
  for (const destination of destinations) {
    for (const name of imageNames) {
      const place = `${destination}/${name}` as Place;
      for (const root of images[name].wanted) {
        const tags = Object.keys(images[name].tags).filter((tag) => images[name].tags[tag] === root);
        for (const tag of tags.length > 0 ? tags : [null]) {
          const sources = imageNames.filter(
            (each) => leadsTo(each, place) && images[each].wanted.includes(root),
          );
          found.set(`${place} ${root} ${tag}`, { place, sources, root, tag });
        }
      }
    }
  }
  return [...found.values()];
}

/** All digests below a root, its own too. */
export function digestsBelow(root: Root): string[] {
  return [root.digest, ...('children' in root ? root.children.flatMap(digestsBelow) : [])];
}
