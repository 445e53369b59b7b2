// The media type of documents whose stated type is generic, and documents that can be read in two ways.
import { describe, expect, it } from 'vitest';
import { documentMediaType, refuseOtherType } from '../../src/oci/document-type.ts';
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

describe('refuseOtherType', () => {
  it.each<[string, string]>([
    [ociManifest, ociIndex],
    [ociIndex, ociManifest],
    [dockerManifest, ociManifest],
    [ociIndex, 'text/plain'],
  ])('refuses a document of the type %s that states %s', (mediaType, inner) => {
    const refuse = () => refuseOtherType(mediaType, Buffer.from(JSON.stringify({ mediaType: inner })), 'it');
    expect(refuse).toThrow(`it is ambiguous: its media type is ${mediaType}, but it states "${inner}"`);
  });

  it.each<[string, unknown]>([
    [ociManifest, ociManifest],
    [ociManifest, `${ociManifest}; charset=utf-8`],
    [dockerManifest, undefined],
    [dockerManifest, ''],
    [ociIndex, null],
    ['text/plain', ociIndex],
    [dockerManifestSchema1, ociIndex],
  ])('accepts a document of the type %s that states %j', (mediaType, inner) => {
    expect(() =>
      refuseOtherType(mediaType, Buffer.from(JSON.stringify({ mediaType: inner })), 'it'),
    ).not.toThrow();
  });
});
