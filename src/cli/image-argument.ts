// An image that an argument names: on a registry, in an OCI layout (`oci:DIR`) or in a tarball (`docker-archive:FILE`).
import { tmpdir } from 'node:os';
import type { Registries } from '../access/registries.ts';
import type { ContentSource } from '../content/content-graph.ts';
import { openImage } from '../disk/open-image.ts';
import { type ImageReference, parseReference } from '../policy/image-reference.ts';
import { readRegistryImage } from '../registry/registry-image.ts';

/** What an argument names. */
export type ImageArgument =
  | { readonly kind: 'registry'; readonly reference: ImageReference }
  | { readonly kind: 'disk'; readonly path: string };

/** An image, until it is closed. */
export interface OpenedArgument {
  readonly source: ContentSource;
  close(): Promise<void>;
}

/** Parses an argument. Throws a UserError for what is no reference. */
export function parseImageArgument(argument: string): ImageArgument {
  const [, path] = /^(?:oci|docker-archive):(.+)$/s.exec(argument) ?? [];
  return path === undefined
    ? { kind: 'registry', reference: parseReference(argument, 'the image') }
    : { kind: 'disk', path };
}

/** Opens an image: on a registry its root is read, on disk it is checked. Throws a UserError. */
export async function openImageArgument(
  argument: ImageArgument,
  registries: Registries,
  signal: AbortSignal,
): Promise<OpenedArgument> {
  if (argument.kind === 'disk') {
    const image = await openImage(argument.path, { temporaryDirectory: tmpdir(), signal });
    return { source: image, close: () => image.close() };
  }
  const { repository, tag, digest } = argument.reference;
  const session = await registries.reader(repository);
  const { source } = await readRegistryImage(session, digest ?? tag ?? '');
  return { source, close: async () => {} };
}
