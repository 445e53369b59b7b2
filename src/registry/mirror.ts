// A mirror stands in for Docker Hub: which repository there holds the same image? Pure.
import { UserError } from '../errors.ts';
import { checkAddressable, dockerHub, parseRepository, type RepositoryReference } from '../oci/reference.ts';

/**
 * The repository on a mirror (`host` or `host:port`) that holds what `origin` holds, or nothing when the origin is
 * not on Docker Hub: then a mirror must not be asked. The host is read by the rules for names, so an empty one and
 * `docker.io` mean Docker Hub itself. A UserError names a host that can't be one.
 */
export function mirrorRepository(origin: RepositoryReference, host: string): RepositoryReference | undefined {
  if (origin.registry !== dockerHub) {
    return undefined;
  }
  if (host.includes('/')) {
    throw new UserError(`registry_mirror.host must be a host or host:port: ${JSON.stringify(host)}`, {
      hint: 'leave out the scheme and the path',
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
