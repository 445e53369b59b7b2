// The walk that moves every image: from a source to a target, children first, the root and its tags last.
import { buffer } from 'node:stream/consumers';
import { createSlots } from '../concurrency.ts';
import type { Log } from '../log.ts';
import type { ContentNode, ContentSource, ContentTarget } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ConflictingTag, everyTagMoves, type TagChoice, type TagRule } from '../oci/tag-state.ts';

/** How a copy is done. */
export interface CopyOptions {
  /** How many nodes travel at a time; a target that takes them in order gets one after the other. */
  readonly concurrency: number;
  readonly log: Log;
  /** Which tags the root may take; all when absent. */
  readonly rule?: TagRule;
}

/** What a copy came to. */
export interface Copied {
  readonly root: Descriptor;
  /** The tags that the rule found in its way. */
  readonly conflicts: readonly ConflictingTag[];
}

/**
 * Copies a graph and points `tags` at its root (none: it is stored by digest). What the target has already is not
 * sent, and nothing is sent at all when no tag is to move. What the rule forbids is thrown before anything is sent:
 * where that depends on a root which is not known before its content was read, the source is read through first.
 */
export async function copy(
  source: ContentSource,
  target: ContentTarget,
  tags: readonly string[],
  options: CopyOptions,
): Promise<Copied> {
  const { log, rule = everyTagMoves } = options;
  const before = tags.length > 0 ? await target.currentTags(tags) : [];
  const known =
    source.root ?? (rule.choose(before, undefined).needsRoot ? await readRoot(source) : undefined);
  if (known && tags.length > 0) {
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
  if (tags.length === 0 || choice.put.length > 0) {
    await target.publish(root, await buffer(await node.open()), choice.put);
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

async function copyBelowRoot(
  source: ContentSource,
  target: ContentTarget,
  options: CopyOptions,
): Promise<ContentNode> {
  const slots = createSlots(target.order === 'listed' ? 1 : options.concurrency);
  const transfers: Promise<void>[] = [];
  const failures: unknown[] = [];
  const start = (node: ContentNode, below: readonly Promise<void>[], release?: () => void) => {
    const transfer = (async () => {
      let free = release;
      try {
        await Promise.all(below);
        free ??= await slots.acquire();
        await transferNode(node, target, options.log);
      } catch (error) {
        failures.push(error);
        throw error;
      } finally {
        free?.();
      }
    })();
    transfer.catch(() => {});
    transfers.push(transfer);
  };

  // A manifest is the root unless another node follows it, so each is held back until the next one shows.
  let held: ContentNode | undefined;
  for await (const node of source.nodes((descriptor, kind) => target.has(descriptor, kind))) {
    if (held) {
      start(held, [...transfers]);
      held = undefined;
    }
    if (node.kind === 'blob') {
      const release = await slots.acquire();
      start(node, [], release);
    } else {
      held = node;
    }
    if (failures.length > 0) {
      break;
    }
  }
  await Promise.all(transfers);
  if (!held) {
    throw new Error('a content source must end with its root');
  }
  return held;
}

async function transferNode(node: ContentNode, target: ContentTarget, log: Log): Promise<void> {
  const { descriptor, kind } = node;
  if (kind === 'blob' && (await target.has(descriptor, kind))) {
    log.progress(`existing blob: ${descriptor.digest}`);
    return;
  }
  const how = await target.write(node);
  if (kind === 'blob') {
    log.progress(`${how} blob: ${descriptor.digest}`);
  }
}
