// A copy under tags: which of them move is judged before anything is sent, and they move last.
import { buffer } from 'node:stream/consumers';
import type { ContentNode, ContentSource, TaggedTarget } from '../content/content-graph.ts';
import type { ConflictingTag, TagChoice, TagRule } from '../content/tag-state.ts';
import type { Log } from '../log.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type CopyOptions, copyBelowRoot } from './copy.ts';

/** How a copy is done, and which tags move. */
export interface TaggedCopyOptions extends CopyOptions {
  readonly log: Log;
  /** Which tags the root takes. */
  readonly rule: TagRule;
}

/** What a copy came to. */
export interface Copied {
  readonly root: Descriptor;
  /** The tags that the rule found in its way. */
  readonly conflicts: readonly ConflictingTag[];
}

/**
 * Copies a graph and points `tags`, at least one, at its root. What the target has already is not sent, and nothing is
 * sent at all when no tag is to move. What the rule forbids is thrown before anything is sent: where that depends on a
 * root which is not known before its content was read, the source is read through first.
 */
export async function copyTagged(
  source: ContentSource,
  target: TaggedTarget,
  tags: readonly string[],
  options: TaggedCopyOptions,
): Promise<Copied> {
  const { log, rule } = options;
  const before = await target.currentTags(tags);
  const known =
    source.root ?? (rule.choose(before, undefined).needsRoot ? await readRoot(source) : undefined);
  if (known) {
    const choice = rule.choose(before, known.digest);
    if (choice.put.length === 0) {
      tellExisting(log, choice, known);
      return { root: known, conflicts: choice.conflicts };
    }
  }
  const node = await copyBelowRoot(source, target, options);
  const root = node.descriptor;
  const current = rule.looksAgain ? await target.currentTags(tags) : before;
  const choice = rule.choose(current, root.digest);
  tellExisting(log, choice, root);
  if (choice.put.length > 0) {
    await target.publishTagged(root, await buffer(await node.open()), choice.put);
  }
  return { root, conflicts: choice.conflicts };
}

function tellExisting(log: Log, { existing }: TagChoice, { digest }: Descriptor): void {
  for (const tag of existing) {
    log.progress(`existing manifest: ${tag}@${digest}`);
  }
}

/** The root of a source, at the price of everything that the source must do to know it. */
async function readRoot(source: ContentSource): Promise<Descriptor | undefined> {
  let last: ContentNode | undefined;
  for await (const node of source.nodes(async () => false)) {
    last = node;
  }
  return last?.descriptor;
}
