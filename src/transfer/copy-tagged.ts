// A copy with tags: decides before anything is sent which tags move, and moves them last.
import type { OnContentEvent } from '../content/content-event.ts';
import type { ContentNode, ContentSource, TaggedTarget } from '../content/content-graph.ts';
import type { ConflictingTag, CurrentTag, TagChoice, TagRule } from '../content/tag-state.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type CopyOptions, copyBelowRoot, readRoot } from './copy.ts';
import { copyAgainIfLost } from './copy-again.ts';
import { atSide } from './copy-error.ts';

/** Options of a copy with tags. */
export interface TaggedCopyOptions extends CopyOptions {
  /** Decides which tags move to the root. */
  readonly rule: TagRule;
  /**
   * The rule in the place of `rule`, once the tags were read for the first time and, with `isLast`, right before tags move. Its
   * error ends the copy.
   */
  readonly review?: ((seen: readonly CurrentTag[], isLast: boolean) => Promise<TagRule>) | undefined;
  /**
   * Called before the first tag moves, when everything below the root is at the target; and when no tag has to move, without
   * the bytes of the root, which the target has then.
   */
  readonly beforeTags?:
    | ((
        root: Descriptor,
        target: TaggedTarget,
        bytes: (() => Promise<Uint8Array>) | undefined,
      ) => Promise<void>)
    | undefined;
  /** Whether the target is asked for the root though none of its tags exists: an image that only gets another tag. */
  readonly isRetag?: boolean | undefined;
}

/** The result of a copy with tags. */
export interface Copied {
  readonly root: Descriptor;
  /** The immutable tags that point elsewhere. */
  readonly conflicts: readonly ConflictingTag[];
}

/**
 * Copies a graph and points `tags`, at least one, at its root. What the target already holds is not sent, and nothing is
 * sent at all when no tag is to move. The error of the rule is thrown before anything is sent: when the rule needs a
 * root that is not known yet, the whole source is read first. Throws a CopyError for any other failure.
 */
export async function copyTagged(
  source: ContentSource,
  target: TaggedTarget,
  tags: readonly string[],
  options: TaggedCopyOptions,
): Promise<Copied> {
  const { on } = options;
  const ruleFor = async (seen: readonly CurrentTag[], isLast: boolean) =>
    (await options.review?.(seen, isLast)) ?? options.rule;
  const currentTags = () =>
    atSide('destination', `reading tags of ${target.name}`, () => target.currentTags(tags));
  const before = await currentTags();
  const rule = await ruleFor(before, false);
  const known =
    source.root ?? (rule.choose(before, undefined).needsRoot ? await findRoot(source) : undefined);
  if (known) {
    const choice = rule.choose(before, known.digest);
    if (choice.put.length === 0) {
      reportUnchanged(on, choice, known);
      if (choice.existing.length > 0) {
        await options.beforeTags?.(known, target, undefined);
      }
      return { root: known, conflicts: choice.conflicts };
    }
  }
  return await copyAgainIfLost(target, on, async (to) => {
    // What tags point at may be as incomplete as anything else that the target said it has.
    const held = to === target ? presenceBy(before, options.isRetag ? undefined : known) : undefined;
    const node = await copyBelowRoot(source, to, options, held);
    const root = node.descriptor;
    await options.beforeTags?.(root, to, () => readRoot(source, node));
    const last = await ruleFor(before, true);
    const current = last.rechecks ? await currentTags() : before;
    const choice = last.choose(current, root.digest);
    reportUnchanged(on, choice, root);
    if (choice.put.length > 0) {
      const bytes = await readRoot(source, node);
      const names = choice.put.map(({ tag }) => tag).join(', ');
      await atSide('destination', `writing tag(s) ${names} of ${to.name}`, () =>
        to.publishTagged(root, bytes, choice.put),
      );
    }
    return { root, conflicts: choice.conflicts };
  });
}

/**
 * What the tags show about manifests: those that they point at exist. The root counts as absent when none of its tags
 * exists, as in upstream, whose requests strict registries expect.
 */
function presenceBy(tags: readonly CurrentTag[], root: Descriptor | undefined) {
  const isNew = tags.every(({ now }) => now.state === 'missing');
  const held = new Set(tags.flatMap(({ now }) => (now.state === 'found' ? [now.digest] : [])));
  return (digest: Digest): boolean | undefined => {
    if (held.has(digest)) {
      return true;
    }
    return isNew && digest === root?.digest ? false : undefined;
  };
}

function reportUnchanged(on: OnContentEvent, { existing }: TagChoice, { digest }: Descriptor): void {
  for (const tag of existing) {
    on({ type: 'tag-unchanged', tag, digest });
  }
}

/** The root of a source, found by reading all of it. */
async function findRoot(source: ContentSource): Promise<Descriptor | undefined> {
  let last: ContentNode | undefined;
  for await (const node of source.nodes(async () => false)) {
    last = node;
  }
  return last?.descriptor;
}
