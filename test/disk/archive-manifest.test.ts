import { describe, expect, it } from 'vitest';
import { type ArchivedImage, listLayers, parseArchiveManifest } from '../../src/disk/archive-manifest.ts';
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

  it.each(['\n', ' []', '{', ']', 'null', '\0\0', '[{"Config":"other"}]'])(
    'ignores what follows the document: %j',
    (rest) => {
      const text = `[{"Config":"c \\"]}","Layers":["x\\\\"]}]${rest}`;
      expect(parseArchiveManifest(Buffer.from(text), 'manifest.json')).toMatchObject({
        config: 'c "]}',
        layers: ['x\\'],
      });
    },
  );

  it.each(['', '[{"Config":"a"', '[{"Config":"a]}', '{]', 'nul', '["\\'])(
    'refuses the document %j',
    (text) => {
      expect(() => parseArchiveManifest(Buffer.from(text), 'manifest.json')).toThrow(
        'is not a JSON document',
      );
    },
  );

  it('reads a large document in linear time', () => {
    const text = `[{"Layers":[${'"a\\"b",'.repeat(200_000)}"x"]}]`;
    expect(parseArchiveManifest(Buffer.from(text), 'manifest.json').layers).toHaveLength(200_001);
    expect(() => parseArchiveManifest(Buffer.from(`"${'\\"'.repeat(2_000_000)}`), 'manifest.json')).toThrow();
    expect(() => parseArchiveManifest(Buffer.from('"x'.repeat(1_000_000)), 'manifest.json')).toThrow();
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

describe('listLayers', () => {
  const image = (layers: string[], sources: Record<string, unknown> = {}) =>
    parse([{ Layers: layers, LayerSources: sources }]);

  it('lists each layer with its diff id', () => {
    expect(listLayers(image(['x', 'y', 'x']), [a, b, a])).toEqual([
      { path: 'x', diffId: a, foreign: false },
      { path: 'y', diffId: b, foreign: false },
      { path: 'x', diffId: a, foreign: false },
    ]);
    expect(listLayers(image([]), [])).toEqual([]);
  });

  it.each([
    ['more layers than diff ids', ['x', 'y'], [a]],
    ['fewer layers than diff ids', ['x'], [a, b]],
    ['layers without diff ids', ['x'], []],
    ['diff ids without layers', [], [a]],
  ])('refuses %s', (_case, layers, diffIds) => {
    expect(() => listLayers(image(layers), diffIds)).toThrow(
      `names ${layers.length} layer(s) but the config has ${diffIds.length} diff id(s)`,
    );
  });

  it.each([
    [mediaTypes.dockerForeignLayer, true],
    [mediaTypes.ociForeignLayerTar, true],
    [mediaTypes.ociLayerGzip, false],
    [mediaTypes.ociLayerTar, false],
  ])('finds the descriptor of type %s by diff id (foreign: %s)', (mediaType, foreign) => {
    const described = source(mediaType);
    expect(listLayers(image(['x'], { [a]: described }), [a])).toEqual([
      { path: 'x', diffId: a, described, foreign },
    ]);
  });
});
