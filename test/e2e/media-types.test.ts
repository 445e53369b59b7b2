// Registries that choose the type of a manifest by the request, or state it wrongly or not at all.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { buildImage, buildIndex, type Image, jsonDocument, type Root, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { type RegistryOptions, startRegistry } from '../support/registry.ts';
import { checkStep, getStep } from '../support/steps.ts';

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

describe('a registry that states generic types of manifests', () => {
  const types = [
    'application/json',
    'application/json; charset=utf-8',
    'application/octet-stream',
    'text/plain',
    undefined,
  ];

  /** A registry with `root` under 1.0 whose manifests, down to the images of an index, all have this type. */
  async function generic(type: string | undefined, root: Root) {
    const { registry, repository } = await registryOf(() => undefined);
    seed(registry, name, '1.0', root);
    registry.faults.add({
      path: /\/manifests\//,
      fault: { kind: 'headers', headers: { 'content-type': type } },
    });
    return repository;
  }

  /** The same document without its mediaType. */
  const untyped = <Kind extends Root>(root: Kind): Kind => {
    const { mediaType: _, ...rest } = JSON.parse(root.bytes.toString());
    return { ...root, ...jsonDocument(root.mediaType, rest) };
  };

  const layer = [file('hello')];
  const roots: readonly (readonly [string, () => Promise<Root>])[] = [
    ['an index', async () => buildIndex([await buildImage({ layers: [layer] })])],
    [
      'an index without a mediaType',
      async () => untyped(buildIndex([untyped(await buildImage({ layers: [layer] }))])),
    ],
    ['an image', async () => buildImage({ layers: [layer], format: 'docker' })],
    ['an image without a mediaType', async () => untyped(await buildImage({ layers: [layer] }))],
  ];

  describe.each(roots)('for %s', (_name, build) => {
    it.each(types)('lets a get unpack it: %s', async (type) => {
      const root = await build();
      const { status, stderr, directory } = await getStep(await generic(type, root), root.digest);
      expect(status, stderr).toBe(0);
      expect(existsSync(join(directory, 'rootfs', 'hello'))).toBe(true);
    });

    it.each(['oci', 'oci-layout'])('lets a get save it as %s', async (format) => {
      const root = await build();
      const repository = await generic('application/octet-stream', root);
      const { status, stderr, directory } = await getStep(repository, root.digest, { format });
      expect(status, stderr).toBe(0);
      if (format === 'oci-layout') {
        const index = readFileSync(join(directory, 'oci', 'index.json'), 'utf8');
        if ('children' in root) {
          expect(index).toBe(root.bytes.toString());
        } else {
          const { digest, mediaType } = root;
          expect(JSON.parse(index).manifests[0]).toMatchObject({ digest, mediaType });
        }
        expect(readdirSync(join(directory, 'oci', 'blobs', 'sha256'))).toHaveLength(3);
      }
    });

    it('lets a check sort it by age', async () => {
      const repository = await generic('application/json', await build());
      const { tags, stderr } = await checkStep(repository, { tag_regex: '.*', created_at_sort: true });
      expect({ tags, stderr }).toEqual({ tags: ['1.0'], stderr: '' });
    });
  });
});

describe('a manifest that can be read in two ways', () => {
  const documents: readonly (readonly [string, string, (image: Image) => object])[] = [
    ['layers and manifests', mediaTypes.ociIndex, () => ({ manifests: [] })],
    ['layers and manifests as an image', mediaTypes.ociManifest, () => ({ manifests: [] })],
    ['layers and manifests of no type', 'application/json', () => ({ manifests: [], mediaType: undefined })],
    ['another type inside', mediaTypes.ociManifest, () => ({ mediaType: mediaTypes.ociIndex })],
    ['the type of an index', mediaTypes.ociIndex, () => ({ mediaType: undefined })],
  ];

  describe.each(documents)('with %s', (_name, type, change) => {
    it.each(['rootfs', 'oci', 'oci-layout'])('is refused by a get as %s', async (format) => {
      const { registry, repository } = await registryOf(() => undefined);
      const image = await buildImage({ layers: [[file('hello')]] });
      seed(registry, name, undefined, image);
      const body = JSON.stringify({ ...JSON.parse(image.bytes.toString()), ...change(image) });
      const digest = registry.putManifest(name, '1.0', type, body);
      const { status, stderr, directory } = await getStep(repository, digest, { format });
      expect(status).toBe(1);
      expect(stderr).toMatch(/(manifest|index) sha256:[0-9a-f]{64} is ambiguous: /);
      expect(readdirSync(directory)).toEqual([]);
    });
  });
});
