// Image manifests: parsed from bytes, and encoded to the bytes that Go would write.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { encodeManifest, parseDescriptors, parseManifest } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';

const config = { mediaType: mediaTypes.ociConfig, size: 6, digest: digestOf('config') };
const layers = ['a', 'b'].map((text) => ({
  mediaType: mediaTypes.ociLayerGzip,
  size: 1,
  digest: digestOf(text),
}));
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

const ambiguous =
  'the manifest is ambiguous: it is an image manifest by its media type, and has members or the type of an index';

describe('parseManifest', () => {
  it('reads every member, with the layers in order', () => {
    const document = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config,
      layers,
      annotations: { k: 'v' },
      subject: config,
      artifactType: 't',
    };
    const { schemaVersion: _, ...facts } = document;
    expect(parseManifest(bytes(document), 'the manifest')).toEqual(facts);
  });

  it('reads keys in any letter case, and null layers as no layers', () => {
    const manifest = parseManifest(bytes({ Config: config, LAYERS: null, mediaType: '' }), 'the manifest');
    expect(manifest).toStrictEqual({ config, layers: [] });
  });

  it.each([
    ['', 'the manifest is not a JSON document'],
    ['{', 'the manifest is not a JSON document'],
    ['\ufeff{}', 'the manifest is not a JSON document'],
    ['[]', 'the manifest is not a JSON object'],
    ['null', 'the manifest is not a JSON object'],
    ['{}', 'the manifest: config: a descriptor must be an object'],
    [{ config, layers: {} }, 'the manifest: "layers" must be a list'],
    [{ config, layers: [layers[0], 'x'] }, 'the manifest: layers[1]: a descriptor must be an object'],
    [{ config, layers, mediaType: 1 }, 'the manifest: "mediaType" must be a string'],
    [{ config, layers, manifests: [] }, ambiguous],
    [{ config, layers, MANIFESTS: [{}] }, ambiguous],
    [{ config, layers, mediaType: mediaTypes.ociIndex }, ambiguous],
    [{ config, layers, mediaType: mediaTypes.dockerManifestList }, ambiguous],
  ])('refuses %j', (document, message) => {
    expect(() => parseManifest(bytes(document), 'the manifest')).toThrow(
      expect.objectContaining({ message }),
    );
  });
});

describe('encodeManifest', () => {
  it('writes the empty Docker image as Go does, byte for byte', () => {
    const encoded = encodeManifest({
      mediaType: mediaTypes.dockerManifest,
      config: {
        mediaType: mediaTypes.dockerConfig,
        size: 115,
        digest: 'sha256:5b943e2b943f6c81dbbd4e2eca5121f4fcc39139e3d1219d6d89bd925b77d9fe',
      },
      layers: [],
    });
    expect(encoded.length).toBe(264);
    expect(digestOf(encoded)).toBe('sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4');
  });

  it('writes optional keys after the layers, and annotations in byte order', () => {
    const manifest = {
      mediaType: mediaTypes.ociManifest,
      artifactType: 't',
      subject: config,
      annotations: { '9': '<', '10': 'b', '-': 'c' },
      layers,
      config,
    };
    const text = Buffer.from(encodeManifest(manifest)).toString();
    expect(text).toBe(
      `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","config":${JSON.stringify(config)},` +
        `"layers":${JSON.stringify(layers)},"annotations":{"-":"c","10":"b","9":"\\u003c"},` +
        `"subject":${JSON.stringify(config)},"artifactType":"t"}`,
    );
    expect(parseManifest(Buffer.from(text), 'it')).toEqual(manifest);
  });

  it('leaves empty optional keys out', () => {
    const bare = { mediaType: mediaTypes.ociManifest, config, layers };
    expect(encodeManifest({ ...bare, annotations: {}, artifactType: '' })).toEqual(encodeManifest(bare));
  });
});

describe('parseDescriptors', () => {
  it('returns an empty list when the key is absent', () => {
    expect(parseDescriptors({}, 'layers', 'it')).toEqual([]);
  });
});
