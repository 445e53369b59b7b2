// The lists that cosign keeps under a tag: what counts as one, and that appending loses no layer of another writer.
import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { repositoryTarget } from '../../src/registry/repository-target.ts';
import { appendLayers, layerList, missingLayers } from '../../src/signing/layer-list.ts';
import { buildImage, buildIndex, descriptorOf, jsonDocument, seed } from '../support/images.ts';
import { type ListLayer, listLayer, seedList } from '../support/layer-lists.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { openTestSession } from '../support/test-session.ts';

const name = 'team/app';
const tag = `sha256-${'a'.repeat(64)}.sig`;
const first = listLayer('first');
const second = listLayer('second');
const third = listLayer('third');

async function world() {
  const registry = await registryForTest({});
  const session = await openTestSession(`${registry.host}/${name}`, { actions: 'push,pull' });
  const target = repositoryTarget(session, () => {});
  const manifest = () => JSON.parse(String(registry.manifest(name, tag)?.bytes ?? 'null'));
  const layers = () => manifest()?.layers;
  for (const { content } of [first, second, third]) {
    registry.putBlob(name, content);
  }
  return { registry, target, manifest, layers };
}

const descriptorsOf = (...layers: ListLayer[]): Descriptor[] => layers.map(({ descriptor }) => descriptor);

describe('a list', async () => {
  const image = await buildImage();
  it.each([
    ['is an image of OCI', image, true],
    ['is an image of Docker', await buildImage({ format: 'docker' }), true],
    ['is no index', buildIndex([image]), false],
    ['is no referrer', await buildImage({ manifest: { subject: descriptorOf(image) } }), false],
    ['is no artifact', await buildImage({ manifest: { artifactType: 'application/spdx' } }), false],
    [
      'is no document with another config',
      jsonDocument(mediaTypes.ociManifest, configOf('text/plain')),
      false,
    ],
    ['is no malformed document', jsonDocument(mediaTypes.ociManifest, { layers: 1 }), false],
  ])('%s', (_, document, expected) => {
    expect(layerList(document) !== undefined).toBe(expected);
  });
});

function configOf(mediaType: string) {
  return { config: { mediaType, size: 2, digest: `sha256:${'0'.repeat(64)}` }, layers: [] };
}

it('layers are the same by type, digest and annotations, in whatever order these are', () => {
  const layer: Descriptor = first.descriptor;
  const annotated = { ...layer, annotations: { a: '1', b: '2' } };
  const cases: [Descriptor, Descriptor, boolean][] = [
    [layer, { ...layer }, true],
    [annotated, { ...layer, annotations: { b: '2', a: '1' } }, true],
    [annotated, { ...layer, annotations: { a: '1', b: '3' } }, false],
    [{ ...layer, annotations: {} }, annotated, false],
    [layer, { ...layer, mediaType: 'text/plain' }, false],
  ];
  for (const [one, other, same] of cases) {
    expect(missingLayers([one], [other])).toEqual(same ? [] : [one]);
  }
});

it('layers are appended after those that are there, with the config of cosign and the annotations of the list', async () => {
  const { registry, target, manifest } = await world();
  seedList(registry, name, tag, [first], { annotations: { kept: 'yes' } });
  const digest = await appendLayers(target, tag, descriptorsOf(second, first));
  expect(registry.manifest(name, tag)?.digest).toBe(digest);
  const { layers, annotations, config } = manifest();
  expect(layers).toEqual(descriptorsOf(first, second));
  expect(annotations).toEqual({ kept: 'yes' });
  expect(JSON.parse(String(registry.blob(name, config.digest)))).toMatchObject({
    history: [{ created: '0001-01-01T00:00:00Z' }, { created: '0001-01-01T00:00:00Z' }],
    rootfs: { type: 'layers', diff_ids: descriptorsOf(first, second).map((layer) => layer.digest) },
  });
});

it('layers that are there are not appended again, and nothing is written', async () => {
  const { registry, target } = await world();
  const { digest } = seedList(registry, name, tag, [first, second]);
  expect(await appendLayers(target, tag, descriptorsOf(second))).toBe(digest);
  expect(registry.requests.filter(({ method }) => method === 'PUT' || method === 'POST')).toEqual([]);
});

describe('another client', () => {
  it('that appends before the PUT loses nothing', async () => {
    const { registry, target, layers } = await world();
    seedList(registry, name, tag, [first]);
    let left = 1;
    registry.faults.add({
      method: 'POST',
      path: /uploads/,
      fault: () => {
        if (left-- > 0) {
          seedList(registry, name, tag, [first, third]);
        }
        return undefined;
      },
    });
    await appendLayers(target, tag, descriptorsOf(second));
    expect(layers()).toEqual(descriptorsOf(first, third, second));
  });

  it('that replaces the tag after the PUT takes nothing away', async () => {
    const { registry, target, layers } = await world();
    seedList(registry, name, tag, [first]);
    let reads = 0;
    registry.faults.add({
      method: 'GET',
      path: /manifests/,
      fault: () => {
        if (++reads === 2) {
          seedList(registry, name, tag, [first, third]);
        }
        return undefined;
      },
    });
    await appendLayers(target, tag, descriptorsOf(second));
    expect(layers()).toEqual(descriptorsOf(first, third, second));
  });

  it('that replaces the tag every time ends it with an error', async () => {
    const { registry, target } = await world();
    registry.faults.add({
      method: 'GET',
      path: /manifests/,
      fault: () => {
        seedList(registry, name, tag, [first]);
        return undefined;
      },
    });
    await expect(appendLayers(target, tag, descriptorsOf(second))).rejects.toThrow(
      `the tag ${tag} is replaced by another client again and again`,
    );
  });
});

it('a tag on something else than a list stays as it is', async () => {
  const { registry, target } = await world();
  const index = buildIndex([await buildImage()]);
  seed(registry, name, tag, index);
  await expect(appendLayers(target, tag, descriptorsOf(second))).rejects.toThrow(
    `the tag ${tag} is on ${index.digest}, which is no image that cosign appends to`,
  );
  expect(registry.manifest(name, tag)?.digest).toBe(index.digest);
});
