// Tag lists as Google's registries serve them: with the digests of the repository, their media types and tags.
import type { RegistryOptions, TestRegistry } from './registry.ts';
import { registryForTest } from './registry-for-test.ts';
import { jsonReply, type Reply } from './reply.ts';

/** Starts a registry whose tag lists describe every manifest of the repository. */
export async function googleRegistryForTest(options: RegistryOptions = {}): Promise<TestRegistry> {
  const started: TestRegistry[] = [];
  const registry = await registryForTest({
    ...options,
    beside({ method, path }) {
      const [, repository] = /^\/v2\/(.+)\/tags\/list$/.exec(path) ?? [];
      const [own] = started;
      return method === 'GET' && repository !== undefined && own && own.digests(repository).length > 0
        ? listing(own, repository)
        : undefined;
    },
  });
  started.push(registry);
  return registry;
}

function listing(registry: TestRegistry, repository: string): Reply {
  const tags = registry.tags(repository);
  const manifest = registry.digests(repository).map((digest) => {
    const mediaType = registry.manifest(repository, digest)?.mediaType;
    const tag = tags.filter((each) => registry.manifest(repository, each)?.digest === digest);
    return [digest, { mediaType, tag }];
  });
  return jsonReply(200, { name: repository, tags, child: [], manifest: Object.fromEntries(manifest) });
}
