// Whether a tag list can be true: a registry that lists no repository cannot have one of its tags.
import type { TagRule } from '../content/tag-state.ts';
import { UserError } from '../errors.ts';

/**
 * The rule for a put whose aliases were computed from a list that the registry refused with a 404, the `refusal`. Throws a
 * UserError when one of the tags exists: then the list is wrong, and so are the aliases.
 */
export function requireUnlistedTags(rule: TagRule, refusal: unknown): TagRule {
  return {
    ...rule,
    choose(tags, root) {
      const found = tags.find(({ now }) => now.state === 'found')?.tag;
      if (found !== undefined) {
        throw new UserError(
          `determine aliases: the registry lists no tags of the repository, but the tag ${found} exists`,
          { cause: refusal, code: 'TAG_LIST_WRONG' },
        );
      }
      return rule.choose(tags, root);
    },
  };
}
