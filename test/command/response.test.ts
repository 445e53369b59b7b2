// The responses of the commands equal those of Go's encoder byte for byte.
import { describe, expect, it } from 'vitest';
import { checkResponse, inResponse, outResponse } from '../../src/command/response.ts';
import { digestOf } from '../../src/oci/digest.ts';

const digest = 'sha256:c4c25c2cd70e3071f08cf124c4b5c656c061dd38247d166d97098d58eeea8aa6';

describe('checkResponse', () => {
  it('returns an empty list without a version', () => {
    expect(checkResponse([])).toBe('[]\n');
  });

  it('lists versions in the given order, with the tag before the digest', () => {
    const versions = [
      { digest, tag: '1.0.0' },
      { digest: '', tag: 'a<b' },
    ];
    expect(checkResponse(versions)).toBe(
      `[{"tag":"1.0.0","digest":"${digest}"},{"tag":"a\\u003cb","digest":""}]\n`,
    );
  });
});

describe('inResponse', () => {
  it('returns the version and the metadata in the given order, with repeated names', () => {
    const metadata = [
      { name: 'repository', value: 'some/image' },
      { value: 'a & b\u2028\u2029>"\\\u0007\u007f\n', name: 'label' },
      { name: 'label', value: 'é😀\ud800' },
    ];
    expect(inResponse({ digest, tag: '' }, metadata)).toBe(
      `{"version":{"tag":"","digest":"${digest}"},"metadata":[` +
        '{"name":"repository","value":"some/image"},' +
        '{"name":"label","value":"a \\u0026 b\\u2028\\u2029\\u003e\\"\\\\\\u0007\u007f\\n"},' +
        '{"name":"label","value":"é😀\ufffd"}]}\n',
    );
  });
});

describe('outResponse', () => {
  const published = { tag: '1.2.3', digest: digestOf('image'), tags: ['1.2.3', '1.2', '1', '1.2'] };
  const version = `{"version":{"tag":"1.2.3","digest":"${published.digest}"}`;

  it('returns the published version and its tags, with repeated ones', () => {
    expect(outResponse('some/image', published, published.digest)).toBe(
      `${version},"metadata":[` +
        '{"name":"repository","value":"some/image"},{"name":"tags","value":"1.2.3 1.2 1 1.2"}]}\n',
    );
  });

  it('lists the skipped tags with both digests', () => {
    const skipped = ['a', 'b'].map((tag) => ({ tag, digest: digestOf(tag) }));
    expect(outResponse('some/image', published, published.digest, { skipped })).toContain(
      `,{"name":"skipped_tags","value":"a stays on ${digestOf('a')}, not ${published.digest}; ` +
        `b stays on ${digestOf('b')}, not ${published.digest}"}]}`,
    );
  });
});
