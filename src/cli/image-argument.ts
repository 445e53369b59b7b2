// An image that an argument names, as a source of content: on a registry, in an OCI layout or in a tarball.
import { tmpdir } from 'node:os';
import type { Registries } from '../access/registries.ts';
import type { ContentSource } from '../content/content-graph.ts';
import { graphSource } from '../content/graph-source.ts';
import { checkBlobs } from '../disk/layout-reader.ts';
import { openNamedLayout } from '../disk/named-layout.ts';
import { openImage } from '../disk/open-image.ts';
import { UserError } from '../errors.ts';
import type { ImageReference } from '../policy/image-reference.ts';
import { type ImageLocation, parseImageLocation } from '../promotion/image-location.ts';
import { readRegistryImage } from '../registry/registry-image.ts';

/** An image, until it is closed. */
export interface OpenedArgument {
  readonly source: ContentSource;
  close(): Promise<void>;
}

/** Parses an argument. Throws a UserError for what is no reference. */
export function parseImageArgument(argument: string): ImageLocation {
  return parseImageLocation(argument, 'the image');
}

/** Parses the argument of a command that reads registries only. Throws a UserError for an image on disk, too. */
export function parseRegistryImage(argument: string): ImageReference {
  const location = parseImageArgument(argument);
  if (location.kind !== 'registry') {
    throw new UserError(`${JSON.stringify(argument)} is on disk, and this command reads registries only`, {
      hint: 'copy it to a registry first: registry-image copy',
    });
  }
  return location.reference;
}

/** Opens an image: on a registry its root is read, on disk it is checked. Throws a UserError. */
export async function openImageArgument(
  argument: ImageLocation,
  registries: Registries,
  signal: AbortSignal,
): Promise<OpenedArgument> {
  switch (argument.kind) {
    case 'docker-archive': {
      const image = await openImage(argument.file, { temporaryDirectory: tmpdir(), signal });
      return { source: image, close: () => image.close() };
    }
    case 'oci': {
      const { root, reader } = await openNamedLayout(argument.directory, argument.name);
      const source = graphSource(reader, root.node, { foreign: 'skip', listedBlobs: 'refuse' });
      await checkBlobs(argument.directory, source, signal);
      return { source, close: async () => {} };
    }
    case 'registry': {
      const { repository, tag, digest } = argument.reference;
      const session = await registries.reader(repository);
      const { source } = await readRegistryImage(session, digest ?? tag ?? '');
      return { source, close: async () => {} };
    }
  }
}
