// Redirects: method and body of the next request, hosts that are refused, and the limit of their number.
import { describe, expect, it } from 'vitest';
import { maximumRedirects } from '../../src/limits.ts';
import { redactedUrl } from '../../src/transport/redacted-url.ts';
import { nextRedirect } from '../../src/transport/redirect.ts';

const first = 'https://registry.example/v2/app/blobs/x';

function hop(location: string | undefined, options: { status?: number; method?: string; hop?: number } = {}) {
  const { status = 307, method = 'GET' } = options;
  return nextRedirect(first, { method, url: first }, { status, location }, options.hop ?? 0);
}

describe('method and body', () => {
  it.each([
    [301, 'GET', 'GET', false],
    [302, 'HEAD', 'HEAD', false],
    [301, 'POST', 'GET', false],
    [302, 'PATCH', 'GET', false],
    [303, 'PUT', 'GET', false],
    [307, 'PATCH', 'PATCH', true],
    [308, 'PUT', 'PUT', true],
  ])('after %i, %s becomes %s', (status, method, expected, keepsBody) => {
    expect(hop('/there', { status, method })).toEqual({
      method: expected,
      url: 'https://registry.example/there',
      keepsBody,
    });
  });
});

it.each([200, 201, 202, 300, 304, 305, 306, 401])('status %i is no redirect', (status) => {
  expect(hop('/there', { status })).toBeUndefined();
});

it('a status of a redirect without a Location is no redirect', () => {
  expect(hop(undefined)).toBeUndefined();
});

it(`redirect ${maximumRedirects + 1} is refused`, () => {
  expect(hop('/there', { hop: maximumRedirects - 1 })).toBeDefined();
  expect(() => hop('/there', { hop: maximumRedirects })).toThrow('stopped after 10 redirects');
});

describe('a redirect', () => {
  it.each(['https://cdn.example/x', 'http://93.184.216.34/x', 'https://registry.example:444/x'])(
    'to %s is followed',
    (location) => {
      expect(hop(location)?.url).toBe(location);
    },
  );

  it.each([
    'http://127.0.0.1/x',
    'https://localhost:1/x',
    'https://registry.localhost/x',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://100.64.0.1/x',
    'http://[64:ff9b::7f00:1]/x',
    'http://169.254.169.254/latest/meta-data',
    'http://10.0.0.1:8080/x',
    'http://[::1]/x',
    'http://[::ffff:10.0.0.1]/x',
    'http://2130706433/x',
    '//192.168.0.1/x',
    'http://0.0.0.0/x',
  ])('to the private address %s is refused', (location) => {
    expect(() => hop(location)).toThrow('refused a redirect to the private address');
  });

  it('to the private host of the first request is followed, on any port', () => {
    const own = 'http://10.0.0.1:5000/v2/';
    const next = (location: string) =>
      nextRedirect(own, { method: 'GET', url: own }, { status: 302, location }, 0)?.url;
    expect(next('http://10.0.0.1:6000/x')).toBe('http://10.0.0.1:6000/x');
    expect(() => next('http://10.0.0.2:5000/x')).toThrow('private address 10.0.0.2');
  });

  it('to another scheme than http or https is refused', () => {
    expect(() => hop('file:///etc/passwd')).toThrow('not an http or https URL');
  });
});

it('the error for a redirect loop shows no secret of its URL', () => {
  const signed = `${first}?X-Amz-Signature=secret`;
  const circle = () =>
    nextRedirect(signed, { method: 'GET', url: signed }, { status: 302, location: '/' }, maximumRedirects);
  expect(circle).toThrow(/^(?!.*secret)/);
});

it.each([
  ['query pairs of one key', `https://cdn.example/?${'a=b&'.repeat(260_000)}`],
  [
    'query pairs of many keys',
    `https://cdn.example/?${Array.from({ length: 120_000 }, (_, key) => `k${key}=v`).join('&')}`,
  ],
  ['escapes', `/${'%zz'.repeat(350_000)}`],
  ['at signs', `https://${'a@'.repeat(500_000)}cdn.example/`],
  ['slashes', `https://cdn.example/${'//a'.repeat(350_000)}`],
  ['dots', `${'../'.repeat(350_000)}x`],
])('a Location of a megabyte of %s is judged in linear time', (_name, location) => {
  const started = performance.now();
  try {
    redactedUrl(hop(location)?.url ?? '');
  } catch (error) {
    expect(String(error)).toContain('Location');
  }
  // Quadratic time would be minutes.
  expect(performance.now() - started).toBeLessThan(5_000);
});
