// A key in the wrong place of a request: the hint says where it belongs.
import { describe, expect, it } from 'vitest';
import { errorHint, errorText } from '../../src/errors.ts';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../../src/request/request.ts';

const decoders = { check: decodeCheckRequest, in: decodeInRequest, out: decodeOutRequest };

function failureOf(command: keyof typeof decoders, request: object) {
  try {
    decoders[command](JSON.stringify(request));
  } catch (error) {
    return { text: errorText(error), hint: errorHint(error) };
  }
  throw new Error('the request was accepted');
}

describe('a key in the wrong place', () => {
  it.each<[keyof typeof decoders, object, string]>([
    ['check', { source: { version: '1.2.3' } }, 'version belongs to the params of a put'],
    ['check', { source: { Skip_Download: true } }, 'skip_download belongs to the params of a get'],
    ['check', { source: { repository_key: 's3cr3t' } }, 'repository_key belongs to source.content_trust'],
    ['check', { source: { for: 'ghcr.io' } }, 'for belongs to source.registry_mirror'],
    ['check', { source: { architecture: 'arm' } }, 'architecture belongs to platform'],
    ['check', { source: { digest: 'sha256:00' } }, 'digest belongs to version'],
    ['in', { params: { image: 'x' } }, 'image belongs to the params of a put'],
    ['in', { params: { repository: 'x' } }, 'repository belongs to source'],
    ['out', { params: { tag: 'x' } }, 'tag belongs to source'],
    ['out', { params: { format: 'oci' } }, 'format belongs to the params of a get'],
    ['out', { params: { skip_download: true } }, 'skip_download belongs to the params of a get'],
  ])('of %s gets a hint: %j', (command, request, hint) => {
    const failure = failureOf(command, request);
    expect(failure.text).toMatch(/^invalid payload: unknown field "/);
    expect(failure.hint).toContain(hint);
    expect(JSON.stringify(failure)).not.toContain('s3cr3t');
  });

  it.each<[keyof typeof decoders, object, string]>([
    ['check', { source: { tagg: '1' } }, 'did you mean tag?'],
    ['check', { source: { nothing_like_it: '1' } }, 'known: repository'],
    ['check', { source: { platform: { tag: '1' } } }, 'known: architecture, os, variant'],
    ['check', { params: {} }, 'known: source, version'],
  ])('keeps the hint of %s when no other place has it: %j', (command, request, hint) => {
    expect(failureOf(command, request).hint).toContain(hint);
  });
});
