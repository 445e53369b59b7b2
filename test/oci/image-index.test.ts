// Image indexes: manifests in document order, and what is refused.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseIndex } from '../../src/oci/image-index.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';

const entry = (text: string) => ({
  mediaType: mediaTypes.ociManifest,
  size: text.length,
  digest: digestOf(text),
});
const parse = (value: unknown) => parseIndex(Buffer.from(JSON.stringify(value)), 'the index');

const ambiguous =
  'the index is ambiguous: it is an index by its media type, and has members or the type of an image manifest';

describe('parseIndex', () => {
  it('keeps the order, repeated entries and the platforms', () => {
    const manifests = [
      { ...entry('b'), platform: { os: 'linux', architecture: 'arm64' } },
      { ...entry('a'), platform: { os: 'unknown', architecture: 'unknown' } },
      entry('b'),
    ];
    expect(parse({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })).toEqual({
      mediaType: mediaTypes.ociIndex,
      manifests,
    });
  });

  it.each([[{}], [{ manifests: null }], [{ Manifests: [] }], [{ mediaType: '' }]])(
    'lists no manifest for %j',
    (value) => {
      expect(parse(value)).toStrictEqual({ manifests: [] });
    },
  );

  it.each([
    [[], 'the index is not a JSON object'],
    [{ manifests: {} }, 'the index: "manifests" must be a list'],
    [{ manifests: [entry('a'), { size: -1 }] }, 'the index: manifests[1]: "size" must be a number of bytes'],
    [{ mediaType: 1 }, 'the index: "mediaType" must be a string'],
    [{ manifests: [], layers: [] }, ambiguous],
    [{ manifests: [], Config: {} }, ambiguous],
    [{ manifests: [], mediaType: mediaTypes.ociManifest }, ambiguous],
    [{ manifests: [], mediaType: mediaTypes.dockerManifest }, ambiguous],
  ])('refuses %j', (value, message) => {
    expect(() => parse(value)).toThrow(expect.objectContaining({ message }));
  });
});
