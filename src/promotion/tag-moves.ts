// Which tags that are on another digest a promotion may move: none, all, or those that a pattern matches.
import type { Pattern } from '../policy/pattern.ts';
import type { ManifestEdge } from './edges.ts';

/**
 * The rule for tag moves. A pattern is searched in `name:tag`, with the name of the image in its manifest, and in
 * `host/path/name:tag`.
 */
export function tagMoveRule(allowed: boolean | Pattern): (edge: ManifestEdge) => boolean {
  if (typeof allowed === 'boolean') {
    return () => allowed;
  }
  return ({ name, destination, tag }) =>
    tag !== null && (allowed.matches(`${name}:${tag}`) || allowed.matches(`${destination}:${tag}`));
}
