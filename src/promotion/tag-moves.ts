// Which tags that are on another digest a promotion may move: none, all, or those that a pattern matches.
import type { Pattern } from '../policy/pattern.ts';
import type { ManifestEdge, RepositoryPromotion } from './edges.ts';

/** A tag of a destination repository, and the name of its image in a manifest. */
export type MovingTag = Pick<ManifestEdge, 'name' | 'destination' | 'tag'>;

/**
 * The rule for tag moves. A pattern is searched in `name:tag`, with the name of the image in its manifest, and in
 * `host/path/name:tag`.
 */
export function tagMoveRule(allowed: boolean | Pattern): (tag: MovingTag) => boolean {
  if (typeof allowed === 'boolean') {
    return () => allowed;
  }
  return ({ name, destination, tag }) =>
    tag !== null && (allowed.matches(`${name}:${tag}`) || allowed.matches(`${destination}:${tag}`));
}

/** The same rule for tags that no edge names, by any of the names that an image of a destination has in manifests. */
export function attachedMoveRule(
  promotions: readonly RepositoryPromotion[],
  mayMove: (tag: MovingTag) => boolean,
): (destination: string, tag: string) => boolean {
  const byDestination = new Map(promotions.map((promotion) => [promotion.destination, promotion]));
  return (destination, tag) =>
    byDestination.get(destination)?.sources.some(({ name }) => mayMove({ name, destination, tag })) ?? false;
}
