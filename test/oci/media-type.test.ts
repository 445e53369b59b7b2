// Media types: which kind each of them is.
import { describe, expect, it } from 'vitest';
import {
  acceptedManifests,
  isForeignLayerType,
  isIndexType,
  isManifestType,
  isSchema1Type,
  isUncompressedLayerType,
  mediaTypes,
  withoutParameters,
} from '../../src/oci/media-type.ts';

describe('the kinds of media types', () => {
  const kinds = { isIndexType, isManifestType, isSchema1Type, isForeignLayerType, isUncompressedLayerType };
  const expected: Record<keyof typeof mediaTypes, (keyof typeof kinds)[]> = {
    ociIndex: ['isIndexType'],
    ociManifest: ['isManifestType'],
    ociConfig: [],
    ociLayerTar: ['isUncompressedLayerType'],
    ociLayerGzip: [],
    ociLayerZstd: [],
    ociForeignLayerTar: ['isForeignLayerType', 'isUncompressedLayerType'],
    ociForeignLayerGzip: ['isForeignLayerType'],
    dockerManifestSchema1: ['isSchema1Type'],
    dockerManifestSchema1Signed: ['isSchema1Type'],
    dockerManifest: ['isManifestType'],
    dockerManifestList: ['isIndexType'],
    dockerConfig: [],
    dockerLayerGzip: [],
    dockerLayerTar: ['isUncompressedLayerType'],
    dockerForeignLayer: ['isForeignLayerType'],
  };

  it.each(Object.entries(mediaTypes))('are those of the table for %s (%s)', (name, mediaType) => {
    const found = Object.entries(kinds)
      .filter(([, is]) => is(mediaType))
      .map(([kind]) => kind);
    expect(found).toEqual(expected[name as keyof typeof mediaTypes]);
  });

  it.each(['', 'text/html', 'application/vnd.oci.image.index.v1'])('do not include %j', (mediaType) => {
    expect(Object.values(kinds).some((is) => is(mediaType))).toBe(false);
  });
});

describe('acceptedManifests', () => {
  it('lists manifests and indexes before schema 1', () => {
    expect(acceptedManifests).toBe(
      'application/vnd.docker.distribution.manifest.v2+json,' +
        'application/vnd.oci.image.manifest.v1+json,' +
        'application/vnd.docker.distribution.manifest.list.v2+json,' +
        'application/vnd.oci.image.index.v1+json,' +
        'application/vnd.docker.distribution.manifest.v1+prettyjws,' +
        'application/vnd.docker.distribution.manifest.v1+json',
    );
  });
});

describe('withoutParameters', () => {
  it.each([
    ['application/json', 'application/json'],
    ['application/json; charset=utf-8', 'application/json'],
    [' application/json ;a=b;c=d', 'application/json'],
    ['', ''],
    [';', ''],
  ])('makes of %j the media type %j', (mediaType, bare) => {
    expect(withoutParameters(mediaType)).toBe(bare);
  });
});
