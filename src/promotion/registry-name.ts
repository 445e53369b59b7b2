// Names of registries and images in promotion manifests: what is wrong with one, and when two are the same.
import { UserError } from '../errors.ts';
import { checkAddressable, parseRepository } from '../oci/reference.ts';

/** Stands for an image in faults of a registry. */
const anyImage = 'any-image-of-it';

/** Stand for a registry in faults of an image; the second one for names of one character, which need a path. */
const anyRegistry = 'any-registry.example';
const anyRegistryPath = `${anyRegistry}/any-path`;

/** What is wrong with the name of a registry: `host`, `host:port`, or one of these with a path; undefined for nothing. */
export function registryNameFault(name: string): string | undefined {
  return repositoryFault(`${name}/${anyImage}`)?.replaceAll(`/${anyImage}`, '');
}

/**
 * What is wrong with the name of an image; undefined for nothing. Whether a name is too long, or too short, depends on the
 * registry that precedes it, too: see {@link repositoryFault}.
 */
export function imageNameFault(name: string): string | undefined {
  const registry = name.length > 1 ? anyRegistry : anyRegistryPath;
  return repositoryFault(`${registry}/${name}`)
    ?.replaceAll(`${registry}/`, '')
    .replaceAll(': any-path/', ': ');
}

/** What is wrong with the name of a repository; undefined for nothing. */
export function repositoryFault(name: string): string | undefined {
  try {
    checkAddressable(parseRepository(name), name);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) {
      const hint = error.code === 'REPOSITORY_URL' ? 'leave out the scheme' : error.hint;
      return hint === undefined ? error.message : `${error.message} (${hint})`;
    }
    throw error;
  }
}

/** The one way to write the name of a registry: the host in lower case, Docker Hub as `index.docker.io`. */
export function canonicalRegistry(name: string): string {
  // Two parts more, because a single one directly after Docker Hub is below its `library`.
  const { registry, path } = parseRepository(`${name}/a/b`);
  return `${registry.toLowerCase()}/${path}`.slice(0, -'/a/b'.length);
}
