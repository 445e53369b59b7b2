// Which tags that are on another digest a promotion may move: none, all, or those that a pattern matches.
import { compilePattern } from '../policy/pattern.ts';
import type { ManifestEdge } from './edges.ts';

/**
 * The rule for tag moves. A pattern is searched in `name:tag`, with the name of the image in its manifest, and in
 * `host/path/name:tag`. Throws a UserError that names `origin` for an invalid pattern.
 */
export function tagMoveRule(allowed: boolean | string, origin: string): (edge: ManifestEdge) => boolean {
  if (typeof allowed === 'boolean') {
    return () => allowed;
  }
  const pattern = compilePattern(allowed, origin);
  return ({ name, destination, tag }) =>
    tag !== null && (pattern.matches(`${name}:${tag}`) || pattern.matches(`${destination}:${tag}`));
}
