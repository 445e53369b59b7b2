// Registries that choose the type of a manifest by the request, or state it wrongly or not at all.
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { type RegistryOptions, startRegistry } from '../support/registry.ts';
import { checkStep } from '../support/steps.ts';

const name = 'team/app';

async function registryOf(beside: NonNullable<RegistryOptions['beside']>) {
  const registry = await startRegistry({ beside });
  onTestFinished(() => registry.close());
  return { registry, repository: `${registry.host}/${name}` };
}

describe('a registry that serves the first accepted type that it has', () => {
  const schema1 = Buffer.from(
    '{"schemaVersion":1,"name":"team/app","tag":"1.0","fsLayers":[],"signatures":[]}',
  );

  async function converting(image: Image) {
    const types = new Map([
      [mediaTypes.dockerManifestSchema1Signed as string, schema1],
      [image.mediaType, image.bytes],
    ]);
    const { registry, repository } = await registryOf(({ path, headers }) => {
      const accepted = (headers.accept ?? '').split(',').find((type) => types.has(type));
      const body = types.get(accepted ?? '');
      return body && accepted && path === `/v2/${name}/manifests/1.0`
        ? {
            status: 200,
            headers: { 'content-type': accepted, 'docker-content-digest': digestOf(body) },
            body,
          }
        : undefined;
    });
    seed(registry, name, '1.0', image);
    return repository;
  }

  it('is asked for schema 1 last', async () => {
    const image = await buildImage({ format: 'docker' });
    const { versions, stderr } = await checkStep(await converting(image), { tag: '1.0' });
    expect(versions, stderr).toEqual([{ tag: '1.0', digest: image.digest }]);
  });

  it('lets a check sort the images by age', async () => {
    const image = await buildImage({ format: 'docker' });
    const source = { tag_regex: '.*', created_at_sort: true };
    expect((await checkStep(await converting(image), source)).tags).toEqual(['1.0']);
  });

  it('lets a check find an image that has only schema 1', async () => {
    const { registry, repository } = await registryOf(() => undefined);
    const digest = registry.putManifest(name, '1.0', mediaTypes.dockerManifestSchema1Signed, schema1);
    const { versions } = await checkStep(repository, { tag: '1.0' });
    expect(versions).toEqual([{ tag: '1.0', digest }]);
  });
});
