import { describe, expect, it } from 'vitest';
import { type ArchivedImage, parseArchiveManifest, planLayers } from '../../src/disk/archive-manifest.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';

const [a, b] = [digestOf('a'), digestOf('b')];
const source = (mediaType: string) => ({ mediaType, size: 1, digest: digestOf('source') });

function parse(value: unknown): ArchivedImage {
  return parseArchiveManifest(Buffer.from(JSON.stringify(value)), 'manifest.json');
}

describe('parseArchiveManifest', () => {
  it('reads config and layers, whatever the case of the keys', () => {
    expect(parse([{ config: 'c', LAYERS: ['x', null], RepoTags: 7 }])).toEqual({
      config: 'c',
      layers: ['x', ''],
      layerSources: new Map(),
    });
  });

  it('accepts missing and null members', () => {
    const nothing = { config: '', layers: [], layerSources: new Map() };
    expect(parse([{}])).toEqual(nothing);
    expect(parse([{ Config: null, Layers: null, LayerSources: null }])).toEqual(nothing);
  });

  it('reads the descriptors of layers', () => {
    const descriptor = { ...source(mediaTypes.dockerForeignLayer), urls: ['https://example.test/a'] };
    expect(parse([{ LayerSources: { [a]: descriptor } }]).layerSources).toEqual(new Map([[a, descriptor]]));
  });

  it.each([
    ['two images', [{}, {}], 'must contain only a single image: it has 2'],
    ['no image', [], 'must contain only a single image: it has 0'],
    ['null', null, 'must be a list of images'],
    ['an object', {}, 'must be a list of images'],
    ['an image that is not an object', ['x'], 'an image must be an object'],
    ['a config that is not a string', [{ Config: 1 }], '"Config" must be a string'],
    ['layers that are not a list', [{ Layers: 'x' }], '"Layers" must be a list'],
    ['a layer that is not a string', [{ Layers: [1] }], '"Layers" must hold strings'],
    ['layer sources that are not an object', [{ LayerSources: [] }], '"LayerSources" must be an object'],
    ['a layer source without a digest', [{ LayerSources: { [a]: {} } }], 'bad "LayerSources"'],
    [
      'a layer source whose key is not a digest',
      [{ LayerSources: { a: source('t') } }],
      'bad "LayerSources"',
    ],
  ])('refuses %s', (_case, value, message) => {
    expect(() => parse(value)).toThrow(`manifest.json`);
    expect(() => parse(value)).toThrow(message);
  });

  it('refuses what is not JSON', () => {
    expect(() => parseArchiveManifest(Buffer.from('[{'), 'manifest.json')).toThrow('not a JSON document');
  });
});

describe('planLayers', () => {
  const image = (layers: string[], sources: Record<string, unknown> = {}) =>
    parse([{ Layers: layers, LayerSources: sources }]);

  it.each([
    ['compressed layers as they are', ['x', 'y'], [a, b], true, ['x as-is', 'y as-is']],
    ['compressed layers that are fewer than the diff ids', ['x'], [a, b], true, ['x as-is']],
    ['no compressed layers', [], [a], true, []],
    ['plain layers, one for each diff id', ['x', 'y'], [a, b], false, ['x compress', 'y compress']],
    ['plain layers without surplus paths', ['x', 'y'], [a], false, ['x compress']],
    [
      'plain layers with one path for a repeated diff id',
      ['x', 'y'],
      [a, a],
      false,
      ['x compress', 'x compress'],
    ],
    ['no plain layers without diff ids', ['x'], [], false, []],
  ])('plans %s', (_case, layers, diffIds, compressed, expected) => {
    const planned = planLayers(image(layers), diffIds, compressed);
    expect(planned.map(({ path, form }) => `${path} ${form}`)).toEqual(expected);
  });

  it.each([
    ['compressed layers that are more than the diff ids', ['x', 'y'], [a], true],
    ['plain layers that are fewer than the diff ids', ['x'], [a, b], false],
  ])('refuses %s', (_case, layers, diffIds, compressed) => {
    expect(() => planLayers(image(layers), diffIds, compressed)).toThrow(
      `names ${layers.length} layer(s) but the config has ${diffIds.length} diff id(s)`,
    );
  });

  it.each([
    [mediaTypes.dockerForeignLayer, false, 'as-is'],
    [mediaTypes.ociForeignLayerTar, false, 'as-is'],
    [mediaTypes.ociLayerGzip, false, 'as-is'],
    [mediaTypes.ociLayerTar, true, 'as-is'],
  ])(
    'takes the descriptor from a layer source of type %s (compressed: %s)',
    (mediaType, compressed, form) => {
      const descriptor = source(mediaType);
      expect(planLayers(image(['x'], { [a]: descriptor }), [a], compressed)).toEqual([
        { path: 'x', form, descriptor },
      ]);
    },
  );

  it.each([mediaTypes.ociLayerTar, mediaTypes.dockerLayerTar])(
    'compresses a plain layer despite a layer source of type %s',
    (mediaType) => {
      expect(planLayers(image(['x'], { [a]: source(mediaType) }), [a], false)).toEqual([
        { path: 'x', form: 'compress' },
      ]);
    },
  );
});
