// A tag that is derived from a digest, at a destination that may have one of its own: nothing that is under it there is lost.
import type { ContentReader, TaggedTarget } from '../content/content-graph.ts';
import { isStillOn, type KeptTag } from '../content/tag-state.ts';
import { UserError } from '../errors.ts';
import { appendLayers, type LayerList, layerList, missingLayers } from '../signing/layer-list.ts';
import type { CopyOptions } from '../transfer/copy.ts';
import type { Attachment } from './attachments.ts';
import { bringBelow } from './bring-below.ts';

/** How often a tag is looked at again when other clients change it at the same time. */
const attempts = 3;

/** An attachment under a tag. */
export type TaggedAttachment = Attachment & { readonly tag: string };

/** How what the source has under a tag comes to a destination that has something else under it. */
export type TagStep = 'present' | 'move' | 'append' | 'keep';

/**
 * `present`: the destination has every layer of the source; `move`: the source has every layer of the destination; `append`: each
 * has layers that the other lacks, and the tag is one to which cosign only appends; `keep`: anything else, such as two SBOMs.
 */
export function tagStep(tag: string, held: LayerList | undefined, offered: LayerList | undefined): TagStep {
  if (!held || !offered) {
    return 'keep';
  }
  if (missingLayers(offered.layers, held.layers).length === 0) {
    return 'present';
  }
  if (missingLayers(held.layers, offered.layers).length === 0) {
    return 'move';
  }
  return /\.(sig|att)$/.test(tag) ? 'append' : 'keep';
}

/**
 * Brings a tagged attachment; returns the tag when it stays on something else. `mayReplace` is asked about such a tag. Throws what
 * the registry said, and a UserError when others change the tag again and again.
 */
export async function bringTagged(
  target: TaggedTarget,
  { node, tag }: TaggedAttachment,
  reader: ContentReader,
  options: CopyOptions,
  mayReplace: (tag: string) => boolean,
): Promise<KeptTag | undefined> {
  const { descriptor } = node;
  const read = async () => (await reader.document(node)).bytes;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const [before] = await target.currentTags([tag]);
    if (before?.now.state === 'found' && before.now.digest === descriptor.digest) {
      await bringBelow(target, node, reader, options);
      return undefined;
    }
    const held = before?.now.state === 'missing' ? undefined : await target.readTag(tag);
    const offered = held && layerList({ bytes: await read(), mediaType: descriptor.mediaType });
    const step = held ? tagStep(tag, layerList(held), offered) : 'move';
    // Some registries say by GET only where a tag is.
    if (step === 'present' || held?.digest === descriptor.digest) {
      return undefined;
    }
    if (held && step === 'keep' && !mayReplace(tag)) {
      return { tag, held: held.digest, offered: descriptor.digest };
    }
    await bringBelow(target, node, reader, options);
    if (offered && step === 'append') {
      await appendLayers(target, tag, offered.layers);
      return undefined;
    }
    const [current] = await target.currentTags([tag]);
    if (current && isStillOn(current.now, held?.digest)) {
      await target.publishTagged(descriptor, await read(), [current]);
      return undefined;
    }
  }
  throw new UserError(`the tag ${tag} of ${target.name} is replaced by another client again and again`);
}
