// metadata.json and labels.json are byte for byte what Go's encoder writes.
import { describe, expect, it } from 'vitest';
import { labelsJson, metadataJson } from '../../src/get/image-metadata.ts';
import { parseImageConfig } from '../../src/oci/image-config.ts';

const config = (text: string) => parseImageConfig(Buffer.from(text), 'the config');

describe('metadataJson', () => {
  it('writes cmd, entrypoint, env and user in this order; absent lists are null, empty ones stay', () => {
    const text = '{"config":{"User":"someuser","env":["PATH=/bin","FOO=<1>"],"ENTRYPOINT":["/bin/sh"]}}';
    expect(metadataJson(config(text))).toBe(
      '{"cmd":null,"entrypoint":["/bin/sh"],"env":["PATH=/bin","FOO=\\u003c1\\u003e"],"user":"someuser"}\n',
    );
    expect(metadataJson(config('{"config":{"Cmd":[]}}'))).toBe(
      '{"cmd":[],"entrypoint":null,"env":null,"user":""}\n',
    );
    expect(metadataJson(config('{}'))).toBe('{"cmd":null,"entrypoint":null,"env":null,"user":""}\n');
  });
});

describe('labelsJson', () => {
  it('writes labels in byte order, also those that look like numbers', () => {
    const labels = '{"b":"&","10":"ten","9":"nine","-":"dash","é":"e","":"none","__proto__":"p","B":null}';
    expect(labelsJson(config(`{"config":{"Labels":${labels}}}`))).toBe(
      '{"":"none","-":"dash","10":"ten","9":"nine","B":"","__proto__":"p","b":"\\u0026","é":"e"}\n',
    );
  });

  it('is an empty object when there are none', () => {
    expect(labelsJson(config('{"config":{"Labels":null}}'))).toBe('{}\n');
    expect(labelsJson(config('{}'))).toBe('{}\n');
  });
});
