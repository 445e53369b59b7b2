// Whether a tag list can be true, by the tags that a registry says it has, and a rule that leaves some tags where they are.
import type { CurrentTag, TagRule } from '../content/tag-state.ts';

/**
 * A tag that exists although the list does not have it: then the list is wrong, and so are aliases computed from it. Of an
 * empty list any tag is proof, of another one only an alias: a list may not show yet a tag that was just pushed. `seen` was
 * read before the list.
 */
export function unlistedTag(
  seen: readonly CurrentTag[],
  aliases: readonly string[],
  list: readonly string[],
): string | undefined {
  const listed = new Set(list);
  const isProof = ({ tag, now }: CurrentTag) =>
    now.state === 'found' && !listed.has(tag) && (list.length === 0 || aliases.includes(tag));
  return seen.find(isProof)?.tag;
}

/** The same rule for all tags but `staying`, which are not moved. Tags are read again right before they move. */
export function leaveTags(rule: TagRule, staying: readonly string[]): TagRule {
  return {
    rechecks: true,
    choose: (tags, root) =>
      rule.choose(
        tags.filter(({ tag }) => !staying.includes(tag)),
        root,
      ),
  };
}
