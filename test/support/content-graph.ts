// Content graphs in memory, with named nodes: sources and targets for tests of a copy.
import { Readable } from 'node:stream';
import type {
  ContentKind,
  ContentNode,
  ContentSource,
  TaggedTarget,
} from '../../src/content/content-graph.ts';
import type { TagState } from '../../src/content/tag-state.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';

const names = new Map<string, string>();

/** Nodes whose content is their name. */
export function named(...entries: readonly [name: string, kind?: ContentKind][]): ContentNode[] {
  return entries.map(([name, kind = 'blob']) => {
    const bytes = Buffer.from(name);
    const descriptor: Descriptor = { mediaType: kind, size: bytes.length, digest: digestOf(bytes) };
    names.set(descriptor.digest, name);
    return { kind, descriptor, open: async () => Readable.from([bytes]) };
  });
}

/** The name that a node was made with. */
export function nameOf({ digest }: Pick<Descriptor, 'digest'>): string {
  return names.get(digest) ?? digest;
}

/** An image of two layers. */
export function image(): ContentNode[] {
  return named(['config'], ['layer 1'], ['layer 2'], ['root', 'manifest']);
}

/** An index of two images. */
export function index(): ContentNode[] {
  return named(
    ['config a'],
    ['layer a'],
    ['image a', 'manifest'],
    ['config b'],
    ['layer b'],
    ['image b', 'manifest'],
    ['root', 'index'],
  );
}

/** A source of these nodes. Its root is known beforehand if `known`; `yielded` lists the nodes that were read. */
export function sourceOf(nodes: readonly ContentNode[], options: { known?: boolean } = {}) {
  const yielded: string[] = [];
  const root = nodes.at(-1)?.descriptor;
  const source: ContentSource = {
    name: 'source',
    root: options.known ? root : undefined,
    async *nodes(present) {
      const last = nodes.at(-1);
      if (options.known && last && (await present(last.descriptor, last.kind))) {
        yielded.push(nameOf(last.descriptor));
        yield last;
        return;
      }
      for (const each of nodes) {
        const below = each.kind !== 'blob' && each.descriptor !== root;
        if (!below || !(await present(each.descriptor, each.kind))) {
          yielded.push(nameOf(each.descriptor));
          yield each;
        }
      }
    },
  };
  return { source, yielded };
}

/** What a target in memory contains, and how it behaves. */
export interface TargetOptions {
  readonly order?: 'any' | 'listed';
  /** The nodes that it contains. */
  readonly has?: readonly string[];
  /** The node that each tag points at, or `unclear`; other tags are missing. May be changed later. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether a write lasts until it is released. */
  readonly hold?: boolean;
  /** The node that cannot be written. */
  readonly fails?: string;
  /** Called when the write of a node starts. */
  readonly writing?: (name: string) => void;
}

/** A target in memory and the `events` that reached it, in order. */
export function targetOf(options: TargetOptions) {
  const events: string[] = [];
  const held = new Map<string, () => void>();
  let running = 0;
  let most = 0;
  const stateOf = (tag: string): TagState => {
    const name = options.tags?.[tag];
    if (name === undefined || name === 'unclear') {
      return { state: name ?? 'missing' };
    }
    return { state: 'found', digest: digestOf(Buffer.from(name)) };
  };
  const target: TaggedTarget = {
    name: 'target',
    order: options.order ?? 'any',
    has: async (descriptor) => options.has?.includes(nameOf(descriptor)) ?? false,
    async currentTags(tags) {
      events.push(`look at ${tags.join(' ')}`);
      return tags.map((tag) => ({ tag, now: stateOf(tag) }));
    },
    readTag: async () => undefined,
    async write({ descriptor }) {
      const name = nameOf(descriptor);
      events.push(`write ${name}`);
      options.writing?.(name);
      running += 1;
      most = Math.max(most, running);
      if (options.hold) {
        await new Promise<void>((resolve) => held.set(name, resolve));
      }
      await settled();
      running -= 1;
      if (options.fails === name) {
        throw new Error(`${name} failed`);
      }
      events.push(`wrote ${name}`);
      return 'pushed';
    },
    async publish(root, bytes) {
      events.push(`publish ${nameOf(root)}: ${Buffer.from(bytes).toString()}`);
    },
    async publishTagged(root, bytes, tags) {
      const places = tags.map(({ tag }) => tag).join(' ');
      events.push(`publish ${nameOf(root)} as ${places}: ${Buffer.from(bytes).toString()}`);
    },
  };
  const release = async (name: string) => {
    held.get(name)?.();
    await settled();
    await settled();
  };
  return { target, events, release, most: () => most };
}

/** Resolves when everything that is ready to run has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
