// The media type of documents whose stated type is generic, and documents that can be read in two ways.
import { describe, expect, it } from 'vitest';
import { documentMediaType, refuseAmbiguous } from '../../src/oci/document-type.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';

const { ociIndex, ociManifest, dockerManifest, dockerManifestList, dockerManifestSchema1 } = mediaTypes;
const generic = ['', 'application/json', 'application/octet-stream', 'text/plain', 'text/html'];

describe('documentMediaType', () => {
  describe.each(generic)('with the stated type %j', (stated) => {
    it.each<[string, object, string]>([
      ['the type in the document', { mediaType: dockerManifestList, manifests: [] }, dockerManifestList],
      [
        'the type in the document, whatever its members',
        { mediaType: ociManifest, manifests: [] },
        ociManifest,
      ],
      ['an index for manifests', { schemaVersion: 2, manifests: [] }, ociIndex],
      ['an image for config and layers', { schemaVersion: 2, config: {}, layers: [] }, ociManifest],
      ['an index for an unknown type and manifests', { mediaType: 'text/plain', manifests: [] }, ociIndex],
      ['the stated type for a config alone', { config: {} }, stated],
      ['the stated type for a list that is null', { manifests: null }, stated],
    ])('returns %s', (_name, document, expected) => {
      expect(documentMediaType(stated, Buffer.from(JSON.stringify(document)))).toBe(expected);
    });

    it.each(['', 'no JSON', '[]', 'null'])('returns the stated type for %j', (content) => {
      expect(documentMediaType(stated, Buffer.from(content))).toBe(stated);
    });
  });

  it.each([ociIndex, ociManifest, dockerManifest, dockerManifestList, dockerManifestSchema1])(
    'returns the stated type %s whatever the document',
    (stated) => {
      expect(documentMediaType(stated, Buffer.from('{"manifests":[]}'))).toBe(stated);
    },
  );
});

describe('refuseAmbiguous', () => {
  const image = { config: {}, layers: [] };
  const index = { manifests: [] };

  it.each<[string, object, string, string]>([
    ['manifests and layers', { ...index, layers: [] }, '', '"manifests" like an index and "layers"'],
    ['manifests and layers as an index', { ...index, ...image }, ociIndex, '"manifests" like an index and'],
    [
      'manifests and layers as an image',
      { ...index, ...image },
      ociManifest,
      '"manifests" like an index and',
    ],
    ['manifests and a config', { ...index, config: {} }, 'text/plain', 'and "config" like an image'],
    ['keys in another letter case', { Manifests: [], LAYERS: [] }, ociIndex, '"manifests" like an index and'],
    ['another type inside', { ...image, mediaType: ociIndex }, ociManifest, `states "${ociIndex}"`],
    ['another type of the same kind inside', { ...image, mediaType: ociManifest }, dockerManifest, 'states'],
    ['an unknown type inside', { ...index, mediaType: 'text/plain' }, ociIndex, 'states "text/plain"'],
    ['an index stated as an image', index, dockerManifest, 'has "manifests" like an index'],
    ['an image stated as an index', image, dockerManifestList, 'has "layers" or "config" like an image'],
  ])('refuses %s', (_name, document, mediaType, reason) => {
    expect(() => refuseAmbiguous(mediaType, Buffer.from(JSON.stringify(document)), 'it')).toThrow(reason);
  });

  it.each<[string, object, string]>([
    ['an image', image, ociManifest],
    ['an image with its type', { ...image, mediaType: dockerManifest }, dockerManifest],
    ['an image with an empty type', { ...image, mediaType: '' }, dockerManifest],
    ['an index', index, ociIndex],
    ['members that are null', { ...index, layers: null, config: null }, ociIndex],
    ['any type inside a document of an unknown type', { mediaType: 'a/b', layers: [] }, 'text/plain'],
  ])('accepts %s', (_name, document, mediaType) => {
    expect(() => refuseAmbiguous(mediaType, Buffer.from(JSON.stringify(document)), 'it')).not.toThrow();
  });
});
