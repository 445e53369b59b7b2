// The digest of the plain content of a layer, whatever its compression.
import { decompress } from '../compression/decompress.ts';
import { beginDigest, digested } from '../content/content-digest.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { LayerParts } from './image-parts.ts';

/**
 * Reads a layer; a nondistributable one, which a source need not have, has the diff id that its config states. Throws a UserError
 * that names the layer.
 */
export async function plainDigest(
  { digest, diffId, size, open }: LayerParts,
  signal?: AbortSignal,
): Promise<Digest | undefined> {
  if (!open) {
    return diffId;
  }
  signal?.throwIfAborted();
  try {
    const plain = beginDigest(size);
    for await (const _ of digested(decompress(await open()), plain)) {
      signal?.throwIfAborted();
    }
    return await plain.finish();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new UserError(`reading layer ${digest}`, { cause });
  }
}
