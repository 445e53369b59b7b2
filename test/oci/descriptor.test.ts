// Descriptors: what is refused when they are parsed, and the JSON that Go would write.
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { descriptorJson, parseAnnotations, parseDescriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { encodeJson } from '../../src/oci/json.ts';

const digest = digestOf('hello');
const plain = { mediaType: 'm', size: 5, digest };

describe('parseDescriptor', () => {
  it('reads every member', () => {
    const value = {
      ...plain,
      data: Buffer.from('hello').toString('base64'),
      urls: ['https://a.test/b'],
      annotations: { k: 'v', n: null },
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
      artifactType: 't',
    };
    expect(parseDescriptor(value, 'here')).toEqual({
      ...plain,
      data: Buffer.from('hello'),
      urls: ['https://a.test/b'],
      annotations: { k: 'v', n: '' },
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
      artifactType: 't',
    });
  });

  it('reads keys in any letter case, and leaves out members that are absent, null or empty', () => {
    const value = {
      MediaType: 'm',
      SIZE: 5,
      Digest: digest,
      urls: [],
      data: '',
      platform: null,
      annotations: null,
    };
    expect(parseDescriptor(value, 'here')).toStrictEqual(plain);
    expect(parseDescriptor({ digest }, 'here')).toStrictEqual({ mediaType: '', size: 0, digest });
  });

  it.each([
    [undefined, 'here: a descriptor must be an object'],
    [[], 'here: a descriptor must be an object'],
    [{ ...plain, size: -1 }, 'here: "size" must be a number of bytes'],
    [{ ...plain, size: 1.5 }, 'here: "size" must be a number of bytes'],
    [{ ...plain, size: 2 ** 53 }, 'here: "size" must be a number of bytes'],
    [{ ...plain, size: '5' }, 'here: "size" must be a number of bytes'],
    [{ ...plain, mediaType: 5 }, 'here: "mediaType" must be a string'],
    [{ ...plain, artifactType: [] }, 'here: "artifactType" must be a string'],
    [{ ...plain, annotations: [] }, 'here: "annotations" must be an object'],
    [{ ...plain, annotations: { k: 1 } }, 'here: annotation "k" must be a string'],
    [
      { mediaType: 'm', size: 5 },
      'here: a digest must be "sha256:" and 64 lower-case hexadecimal digits: it is empty',
    ],
    [
      { ...plain, digest: 'sha256:x' },
      'here: a digest must be "sha256:" and 64 lower-case hexadecimal digits: got "sha256:x"',
    ],
  ])('refuses %j', (value, message) => {
    let refusal = '';
    try {
      parseDescriptor(value, 'here');
    } catch (error) {
      refusal = errorText(error);
    }
    expect(refusal).toBe(message);
  });

  it.each([
    ['other content', { ...plain, data: Buffer.from('jello').toString('base64') }],
    ['fewer bytes', { ...plain, data: Buffer.from('hell').toString('base64') }],
    ['more bytes than its size', { ...plain, size: 4, data: Buffer.from('hello').toString('base64') }],
  ])('refuses embedded data with %s', (_, value) => {
    expect(() => parseDescriptor(value, 'here')).toThrow(
      `the embedded "data" is not the content of ${digest}`,
    );
  });
});

describe('descriptorJson', () => {
  it('writes keys in the order of Go, and annotations sorted', () => {
    const descriptor = {
      artifactType: 't',
      platform: {
        features: ['g'],
        variant: 'v7',
        osFeatures: ['f'],
        osVersion: '1',
        os: 'linux',
        architecture: 'arm',
      },
      annotations: { b: '2', a: '1' },
      urls: ['u'],
      data: Buffer.from('hello'),
      digest,
      size: 5,
      mediaType: 'm',
    };
    expect(encodeJson(descriptorJson(descriptor))).toBe(
      `{"mediaType":"m","size":5,"digest":"${digest}","data":"aGVsbG8=","urls":["u"],` +
        '"annotations":{"a":"1","b":"2"},"platform":{"architecture":"arm","os":"linux","os.version":"1",' +
        '"os.features":["f"],"variant":"v7","features":["g"]},"artifactType":"t"}',
    );
  });

  it('leaves out empty members, but writes an empty platform', () => {
    const empty = {
      ...plain,
      data: new Uint8Array(),
      urls: [],
      annotations: {},
      platform: { os: '', architecture: '', osFeatures: [], features: [] },
      artifactType: '',
    };
    expect(encodeJson(descriptorJson(empty))).toBe(
      `{"mediaType":"m","size":5,"digest":"${digest}","platform":{"architecture":"","os":""}}`,
    );
  });

  it('writes a parsed descriptor unchanged', () => {
    const text = `{"mediaType":"m","size":5,"digest":"${digest}","data":"aGVsbG8=","urls":["u"],"annotations":{"a":"1"}}`;
    expect(encodeJson(descriptorJson(parseDescriptor(JSON.parse(text), 'here')))).toBe(text);
  });
});

describe('parseAnnotations', () => {
  it('keeps the key __proto__', () => {
    const parsed = parseAnnotations(JSON.parse('{"__proto__":"p"}'), 'here') ?? {};
    expect(Object.entries(parsed)).toEqual([['__proto__', 'p']]);
  });
});
