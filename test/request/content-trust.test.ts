// content_trust of a source: every command accepts it, and a put judges its choices before any traffic.
import { describe, expect, it } from 'vitest';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../../src/request/request.ts';

const request = (content_trust: object) => JSON.stringify({ source: { content_trust } });

describe('check and in', () => {
  it.each([
    ['check', decodeCheckRequest],
    ['in', decodeInRequest],
  ])('%s accepts content_trust without judging it', (_, decode) => {
    const trust = { server: 'https://notary.test', on_failure: 'maybe', scopes: 'everything' };
    const { source, warnings } = decode(request(trust));
    expect(source.contentTrust).toMatchObject({ server: 'https://notary.test', onFailure: 'maybe' });
    expect(warnings).toEqual([]);
  });
});

describe('out', () => {
  const decode = (trust: object) => decodeOutRequest(request(trust));

  it.each([
    ['', 'fail'],
    ['fail', 'fail'],
    ['warn', 'warn'],
  ])('reads on_failure %j as %s', (on_failure, expected) => {
    expect(decode({ on_failure }).source.contentTrust?.onFailure).toBe(expected);
  });

  it('refuses an on_failure that it does not know', () => {
    expect(() => decode({ on_failure: 'maybe' })).toThrow(
      'content_trust.on_failure is fail or warn, not "maybe"',
    );
  });

  it.each([
    ['', 'push,pull'],
    ['push,pull', 'push,pull'],
    ['pull', 'pull'],
    ['catalog', 'catalog'],
  ])('reads the scopes %j as the actions %s without a warning', (scopes, expected) => {
    const { source, warnings } = decode({ scopes });
    expect(source.contentTrust?.scopes).toBe(expected);
    expect(warnings).toEqual([]);
  });

  it.each(['push', 'PULL', '*'])('warns of the unknown scopes %j, and asks for pull', (scopes) => {
    const { source, warnings } = decode({ scopes });
    expect(source.contentTrust?.scopes).toBe('pull');
    expect(warnings).toEqual([
      expect.stringContaining('content_trust.scopes is not pull, push,pull or catalog'),
    ]);
  });
});
