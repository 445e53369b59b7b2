// URL references of Location and Link headers are resolved as RFC 3986 says, and requested byte for byte.
import { describe, expect, it } from 'vitest';
import { requestUrl, resolveUrl, withQueryParameter } from '../../src/transport/resolve-url.ts';

describe('requestUrl', () => {
  it.each([
    ['https://registry/v2/', 'https', 'registry', '/v2/'],
    ['HTTP://Registry:5000', 'http', 'Registry:5000', '/'],
    ['https://registry/v2/app/manifests/..', 'https', 'registry', '/v2/app/manifests/..'],
    ['https://registry//v2//app/', 'https', 'registry', '//v2//app/'],
    ['https://registry/a?x=%2f&y= é#fragment', 'https', 'registry', '/a?x=%2f&y=%20%C3%A9'],
    ['https://registry/a?x=\ud800', 'https', 'registry', '/a?x=%EF%BF%BD'],
    ['https://user:secret@[::1]:5000/a', 'https', '[::1]:5000', '/a'],
    ['https://registry?n=1', 'https', 'registry', '/?n=1'],
  ])('of %s is %s, %s, %s', (url, scheme, host, target) => {
    expect(requestUrl(url)).toEqual({ scheme, host, origin: `${scheme}://${host}`, target });
  });

  it.each([
    'ftp://registry/',
    'file:///etc/passwd',
    '/v2/',
    'https://',
    'https://a b/',
    'https://a\\b/',
    'https://327.0.0.1/',
    'http://registry:65536/',
    'https://a/\n',
  ])('refuses %j', (url) => {
    expect(() => requestUrl(url)).toThrow('not an http or https URL');
  });

  it('shows no password of a URL that it refuses', () => {
    expect(() => requestUrl('ftp://user:secret@host/')).toThrow(/^(?!.*secret)/);
  });
});

describe('resolveUrl', () => {
  const base = 'https://registry:5000/v2/app/blobs/uploads/?x=1';
  it.each([
    ['https://cdn/blob?sig=a%2Fb', 'https://cdn/blob?sig=a%2Fb'],
    ['//cdn/blob', 'https://cdn/blob'],
    ['/upload/1?state=a', 'https://registry:5000/upload/1?state=a'],
    ['/a/../b//c', 'https://registry:5000/a/../b//c'],
    ['1234?state=a', 'https://registry:5000/v2/app/blobs/uploads/1234?state=a'],
    ['../1234', 'https://registry:5000/v2/app/blobs/1234'],
    ['?n=2', 'https://registry:5000/v2/app/blobs/uploads/?n=2'],
    ['', 'https://registry:5000/v2/app/blobs/uploads/'],
  ])('resolves %j to %s', (reference, url) => {
    expect(resolveUrl(base, reference)).toBe(url);
  });

  it.each(['\\\\', '\0ttp://user:http://a', '\t//'])('refuses the relative reference %j', (reference) => {
    expect(() => resolveUrl(base, reference)).toThrow('not a URL: ');
  });

  it('returns a URL of another scheme, which requestUrl refuses', () => {
    expect(() => requestUrl(resolveUrl(base, 'javascript:alert(1)'))).toThrow('not an http or https URL');
  });
});

describe('withQueryParameter', () => {
  it.each([
    ['https://registry/up', 'https://registry/up?digest=sha256%3Aab'],
    ['https://registry/up?b=2&a=1', 'https://registry/up?a=1&b=2&digest=sha256%3Aab'],
    ['https://registry/up?digest=old&_state=x%2By', 'https://registry/up?_state=x%2By&digest=sha256%3Aab'],
    ['https://registry/up?a=1#part', 'https://registry/up?a=1&digest=sha256%3Aab'],
  ])('adds the parameter to %s', (url, expected) => {
    expect(withQueryParameter(url, 'digest', 'sha256:ab')).toBe(expected);
  });

  it('refuses a relative URL', () => {
    expect(() => withQueryParameter('/up', 'digest', 'x')).toThrow('not an absolute URL');
  });
});
