// A mirror stands in for a registry: which repository there holds the same image? Pure.
import { UserError } from '../errors.ts';
import { checkAddressable, dockerHub, parseRepository, type RepositoryReference } from '../oci/reference.ts';

/** A mirror as it is configured; an empty `servedRegistry` means Docker Hub. */
export interface MirrorSettings {
  /** `host` or `host:port`. */
  readonly host: string;
  readonly servedRegistry: string;
}

/**
 * The repository on a mirror that holds what `origin` holds, or nothing when the mirror is for another registry: then
 * it must not be asked. For Docker Hub the host is read by the rules for names as upstream does: an empty one and
 * `docker.io` mean Docker Hub itself, and one that can't be a registry is a namespace there; for any other registry
 * these are errors. A UserError names a host or registry that can't be one.
 */
export function mirrorRepository(
  origin: RepositoryReference,
  { host, servedRegistry }: MirrorSettings,
): RepositoryReference | undefined {
  if (origin.registry !== readServedRegistry(servedRegistry)) {
    return undefined;
  }
  if (host.includes('/')) {
    throw new UserError(`registry_mirror.host must be a host or host:port: ${JSON.stringify(host)}`, {
      hint: 'leave out the scheme and the path',
    });
  }
  if (origin.registry !== dockerHub && !isRegistry(host)) {
    throw new UserError(`registry_mirror.host is not the host of a registry: ${JSON.stringify(host)}`, {
      hint: 'write host or host:port; a host without a dot needs its port',
    });
  }
  try {
    const name = host === '' ? origin.path : `${host}/${origin.path}`;
    const mirror = parseRepository(name);
    checkAddressable(mirror, name);
    return mirror;
  } catch (cause) {
    throw new UserError('could not resolve the repository on registry_mirror.host', { cause });
  }
}

/** The registry that `for` names. It is compared as the text that a repository begins with. */
function readServedRegistry(text: string): string {
  if (text === '' || text === 'docker.io') {
    return dockerHub;
  }
  if (!isRegistry(text)) {
    throw new UserError(`registry_mirror.for is not the host of a registry: ${JSON.stringify(text)}`, {
      hint: 'write it as in the repository: host or host:port, without a scheme or path',
    });
  }
  return text;
}

/** Whether a name that begins with this text and a slash lies on the registry of this name. */
function isRegistry(text: string): boolean {
  return !text.includes('/') && (text === 'localhost' || /[.:]/.test(text));
}
