import { describe, expect, it } from 'vitest';
import { type ArchivedImage, parseArchiveManifest, planLayers } from '../../src/disk/archive-manifest.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';

const [a, b] = [digestOf('a'), digestOf('b')];
const source = (mediaType: string) => ({ mediaType, size: 1, digest: digestOf('source') });

function parse(value: unknown): ArchivedImage {
  return parseArchiveManifest(Buffer.from(JSON.stringify(value)), 'manifest.json');
}

describe('manifest.json', () => {
  it('names config and layers, whatever the case of its keys', () => {
    expect(parse([{ config: 'c', LAYERS: ['x', null], RepoTags: 7 }])).toEqual({
      config: 'c',
      layers: ['x', ''],
      layerSources: new Map(),
    });
  });

  it('may leave out or null everything', () => {
    const nothing = { config: '', layers: [], layerSources: new Map() };
    expect(parse([{}])).toEqual(nothing);
    expect(parse([{ Config: null, Layers: null, LayerSources: null }])).toEqual(nothing);
  });

  it('may describe layers', () => {
    const descriptor = { ...source(mediaTypes.dockerForeignLayer), urls: ['https://example.test/a'] };
    expect(parse([{ LayerSources: { [a]: descriptor } }]).layerSources).toEqual(new Map([[a, descriptor]]));
  });

  it.each([
    ['two images', [{}, {}], 'must contain only a single image: it has 2'],
    ['no image', [], 'must contain only a single image: it has 0'],
    ['null', null, 'must be a list of images'],
    ['an object', {}, 'must be a list of images'],
    ['an image that is no object', ['x'], 'an image must be an object'],
    ['a config that is no string', [{ Config: 1 }], '"Config" must be a string'],
    ['layers that are no list', [{ Layers: 'x' }], '"Layers" must be a list'],
    ['a layer that is no string', [{ Layers: [1] }], '"Layers" must hold strings'],
    ['layer sources that are no object', [{ LayerSources: [] }], '"LayerSources" must be an object'],
    ['a layer source without a digest', [{ LayerSources: { [a]: {} } }], 'bad "LayerSources"'],
    ['a layer source under no digest', [{ LayerSources: { a: source('t') } }], 'bad "LayerSources"'],
  ])('can not be %s', (_case, value, message) => {
    expect(() => parse(value)).toThrow(`manifest.json`);
    expect(() => parse(value)).toThrow(message);
  });

  it('must be JSON', () => {
    expect(() => parseArchiveManifest(Buffer.from('[{'), 'manifest.json')).toThrow('not a JSON document');
  });
});

describe('layers of the manifest to be', () => {
  const image = (layers: string[], sources: Record<string, unknown> = {}) =>
    parse([{ Layers: layers, LayerSources: sources }]);

  it.each([
    ['compressed: as they are', ['x', 'y'], [a, b], true, ['x as-is', 'y as-is']],
    ['compressed: fewer than diff ids', ['x'], [a, b], true, ['x as-is']],
    ['compressed: none', [], [a], true, []],
    ['plain: one for each diff id', ['x', 'y'], [a, b], false, ['x compress', 'y compress']],
    ['plain: surplus paths are ignored', ['x', 'y'], [a], false, ['x compress']],
    ['plain: a repeated diff id has one path', ['x', 'y'], [a, a], false, ['x compress', 'x compress']],
    ['plain: no diff ids, no layers', ['x'], [], false, []],
  ])('%s', (_case, layers, diffIds, compressed, expected) => {
    const planned = planLayers(image(layers), diffIds, compressed);
    expect(planned.map(({ path, form }) => `${path} ${form}`)).toEqual(expected);
  });

  it.each([
    ['compressed: more than diff ids', ['x', 'y'], [a], true],
    ['plain: fewer than diff ids', ['x'], [a, b], false],
  ])('%s is an error', (_case, layers, diffIds, compressed) => {
    expect(() => planLayers(image(layers), diffIds, compressed)).toThrow(
      `names ${layers.length} layer(s) but the config has ${diffIds.length} diff id(s)`,
    );
  });

  it.each([
    [mediaTypes.dockerForeignLayer, false, 'as-is'],
    [mediaTypes.ociForeignLayerTar, false, 'as-is'],
    [mediaTypes.ociLayerGzip, false, 'as-is'],
    [mediaTypes.ociLayerTar, true, 'as-is'],
  ])('a layer source of type %s (compressed: %s) replaces the descriptor', (mediaType, compressed, form) => {
    const descriptor = source(mediaType);
    expect(planLayers(image(['x'], { [a]: descriptor }), [a], compressed)).toEqual([
      { path: 'x', form, descriptor },
    ]);
  });

  it.each([mediaTypes.ociLayerTar, mediaTypes.dockerLayerTar])(
    'a layer source of type %s does not keep a plain layer from being compressed',
    (mediaType) => {
      expect(planLayers(image(['x'], { [a]: source(mediaType) }), [a], false)).toEqual([
        { path: 'x', form: 'compress' },
      ]);
    },
  );
});
