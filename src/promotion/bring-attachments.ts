// Brings what is attached to an image to a target: content by digest first, then the tags that derive from digests.
import type { ContentReader, TaggedTarget } from '../content/content-graph.ts';
import type { KeptTag } from '../content/tag-state.ts';
import { parseDocument } from '../oci/document-json.ts';
import { isJsonObject, member } from '../oci/json.ts';
import type { CopyOptions } from '../transfer/copy.ts';
import { bringTagged } from './attachment-tags.ts';
import type { Attachment } from './attachments.ts';
import { bringBelow } from './bring-below.ts';

/**
 * Brings attachments one after the other, subjects before their referrers as they are listed. Returns the tags that stay on something
 * else, which is reported, too, as is a referrer that names no subject; `mayReplace` is asked about each of the tags. Throws as {@link bringTagged} does.
 */
export async function bringAttachments(
  target: TaggedTarget,
  attachments: readonly Attachment[],
  reader: ContentReader,
  options: CopyOptions,
  mayReplace: (tag: string) => boolean,
): Promise<KeptTag[]> {
  const kept: KeptTag[] = [];
  for (const { node, tag } of attachments) {
    if (tag !== undefined) {
      const stays = await bringTagged(target, { node, tag }, reader, options, mayReplace);
      if (stays) {
        kept.push(stays);
        options.on({ type: 'tag-kept', name: target.name, kept: stays });
      }
      continue;
    }
    const { descriptor } = node;
    const outcome = await bringBelow(target, node, reader, options);
    const read = async () => (await reader.document(node)).bytes;
    if (outcome === 'held') {
      await target.recordHeld?.(descriptor, read);
      continue;
    }
    const bytes = await read();
    await target.publish(descriptor, bytes);
    if (!isJsonObject(member(parseDocument(bytes, `manifest ${descriptor.digest}`), 'subject'))) {
      options.on({ type: 'subject-missing', name: target.name, digest: descriptor.digest });
    }
  }
  return kept;
}
