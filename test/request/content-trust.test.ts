// content_trust of a source: every command accepts it, and a put checks its choices before any traffic.
import { describe, expect, it } from 'vitest';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../../src/request/request.ts';

const request = (content_trust: object) => JSON.stringify({ source: { content_trust } });

describe('content_trust of check and in', () => {
  it.each([
    ['check', decodeCheckRequest],
    ['in', decodeInRequest],
  ])('is accepted by %s without a check of its choices', (_, decode) => {
    const trust = { server: 'https://notary.test', on_failure: 'maybe', scopes: 'everything' };
    const { source, warnings } = decode(request(trust));
    expect(source.contentTrust).toMatchObject({ server: 'https://notary.test', onFailure: 'maybe' });
    expect(warnings).toEqual([]);
  });
});

describe('content_trust of out', () => {
  const decode = (trust: object) => decodeOutRequest(request(trust));

  it.each([
    ['', 'fail'],
    ['fail', 'fail'],
    ['warn', 'warn'],
  ])('has for on_failure %j the choice %s', (on_failure, expected) => {
    expect(decode({ on_failure }).source.contentTrust?.onFailure).toBe(expected);
  });

  it('is an error when on_failure is unknown', () => {
    expect(() => decode({ on_failure: 'maybe' })).toThrow(
      'content_trust.on_failure is fail or warn, not "maybe"',
    );
  });

  it.each([
    ['', 'push,pull'],
    ['push,pull', 'push,pull'],
    ['pull', 'pull'],
    ['catalog', 'catalog'],
  ])('has for the scopes %j the actions %s, without a warning', (scopes, expected) => {
    const { source, warnings } = decode({ scopes });
    expect(source.contentTrust?.scopes).toBe(expected);
    expect(warnings).toEqual([]);
  });

  it.each(['push', 'PULL', '*'])(
    'has for the unknown scopes %j the action pull, with a warning',
    (scopes) => {
      const { source, warnings } = decode({ scopes });
      expect(source.contentTrust?.scopes).toBe('pull');
      expect(warnings).toEqual([
        expect.stringContaining('content_trust.scopes is not pull, push,pull or catalog'),
      ]);
    },
  );
});
