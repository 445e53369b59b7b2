// The image that a command signs or attests something of: found by its name, before anything is written beside it.
import type { Descriptor } from '../oci/descriptor.ts';
import { repositoryName } from '../oci/reference.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import type { Session } from '../transport/session.ts';
import type { OpenedRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import type { parseRegistryImage } from './image-argument.ts';

/** An image, and where signatures of it go. */
export interface SignedSubject {
  /** `host/path`. */
  readonly name: string;
  readonly session: Session;
  readonly target: ReturnType<typeof repositoryTarget>;
  /** Its manifest or index. */
  readonly root: Pick<Descriptor, 'mediaType' | 'size' | 'digest'>;
}

/** The image on its registry. Throws a UserError where the settings allow no writing, before any request. */
export async function openSubject(
  { registries, settings }: OpenedRegistries,
  { repository, tag, digest }: ReturnType<typeof parseRegistryImage>,
): Promise<SignedSubject> {
  const name = repositoryName(repository);
  requireAllowed([name], settings);
  const session = await registries.writer(repository);
  const image = await getManifest(session, digest ?? tag ?? '');
  const root = { mediaType: image.mediaType, size: image.bytes.length, digest: image.digest };
  return { name, session, target: repositoryTarget(session, () => {}), root };
}
