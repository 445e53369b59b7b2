// Which repository on a mirror holds the same image as one on the registry it stands in for. Pure.
import { UserError } from '../errors.ts';
import {
  checkAddressable,
  dockerHub,
  parseRepository,
  type RepositoryReference,
  withoutUserInfo,
} from '../oci/reference.ts';

/** A mirror as it is configured; an empty `servedRegistry` means Docker Hub. */
export interface MirrorSettings {
  /** `host` or `host:port`. */
  readonly host: string;
  readonly servedRegistry: string;
}

/**
 * The repository on a mirror that holds what `origin` holds, or nothing when the mirror is for another registry: then
 * it must not be asked. For Docker Hub the host is read by the rules for names as upstream does: an empty one and
 * `docker.io` mean Docker Hub itself, and one that cannot be a registry is a namespace there; for any other registry
 * these are errors. A UserError names a host or registry that cannot be one.
 */
export function mirrorRepository(
  origin: RepositoryReference,
  { host, servedRegistry }: MirrorSettings,
): RepositoryReference | undefined {
  if (origin.registry !== readServedRegistry(servedRegistry)) {
    return undefined;
  }
  if (host.includes('/')) {
    throw new UserError(
      `registry_mirror.host must be a host or host:port: ${JSON.stringify(withoutUserInfo(host))}`,
      {
        code: 'MIRROR_HOST_WITH_PATH',
      },
    );
  }
  if (origin.registry !== dockerHub && !isRegistry(host)) {
    throw new UserError(
      `registry_mirror.host is not the host of a registry: ${JSON.stringify(withoutUserInfo(host))}`,
      {
        code: 'MIRROR_HOST_INVALID',
      },
    );
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

/** The registry that `for` names, as a repository name begins with it. */
function readServedRegistry(text: string): string {
  if (text === '' || text === 'docker.io') {
    return dockerHub;
  }
  if (!isRegistry(text)) {
    throw new UserError(
      `registry_mirror.for is not the host of a registry: ${JSON.stringify(withoutUserInfo(text))}`,
      {
        code: 'MIRRORED_REGISTRY_INVALID',
      },
    );
  }
  return text;
}

/** Whether a repository name that begins with this string and a slash lies on the registry of this name. */
function isRegistry(text: string): boolean {
  return !text.includes('/') && (text === 'localhost' || /[.:]/.test(text));
}
