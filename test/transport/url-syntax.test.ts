import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatUrl, parseUrl, percentDecode, splitHost } from '../../src/transport/url-syntax.ts';

describe('parseUrl', () => {
  it('keeps letter case, a default port and dot segments as written', () => {
    expect(parseUrl('HTTPS://u:p@REG.example.com:443/v2/../A%2fb?x=1&y#f')).toEqual({
      scheme: 'https',
      userInfo: 'u:p',
      host: 'REG.example.com:443',
      path: '/v2/../A%2fb',
      query: 'x=1&y',
      fragment: 'f',
    });
  });

  it.each([
    ['https://[fd00::1]:5000/v2/', '[fd00::1]:5000'],
    ['https://user@pass@reg.example.com/', 'reg.example.com'],
    ['https://reg.example.com?x', 'reg.example.com'],
    ['https://reg_1.example.com/', 'reg_1.example.com'],
  ])('finds the host of %s', (text, host) => {
    expect(parseUrl(text)?.host).toBe(host);
  });

  it.each([
    'https://good.example\\@evil.example/',
    'https://evil.example\\good.example/',
    'https://good.example\t.evil.example/',
    'https://good.example\n/',
    'https://good.example /',
    'https://good.example/a\r\nb',
    'https://good.example/?a=\u0000',
    'https://good.example/#\u007f',
    'https://a[b/',
    'https://[fe80::1%25eth0]/',
    'https://gооd.example/',
    'https:///path',
    'https://:5000/',
    'https:good.example',
    '//good.example/',
    '/v2/',
    '',
  ])('refuses %j, which parsers read differently', (text) => {
    expect(parseUrl(text)).toBeUndefined();
  });

  it('encodes what is not allowed in a path, and keeps escapes', () => {
    expect(parseUrl('https://h/a b/ü/%41/%zz/"')?.path).toBe('/a%20b/%C3%BC/%41/%25zz/%22');
  });

  it('never finds another host than WHATWG, and formatUrl reverses it', () => {
    const authority = fc.string({ unit: fc.constantFrom(...'ab1.:@[]\\/?#%-_ \t'), maxLength: 12 });
    fc.assert(
      fc.property(authority, (text) => {
        const url = parseUrl(`https://${text}/x`);
        const other = URL.parse(`https://${text}/x`);
        if (url && other) {
          expect(URL.parse(`https://${url.host}/`)?.hostname).toBe(other.hostname);
          const again = formatUrl(url);
          expect(formatUrl(parseUrl(again) ?? url)).toBe(again);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['reg.example.com', { name: 'reg.example.com', port: '' }],
  ['reg.example.com:5000', { name: 'reg.example.com', port: '5000' }],
  ['[::1]', { name: '::1', port: '' }],
  ['[::1]:5000', { name: '::1', port: '5000' }],
  ['reg.example.com:', { name: 'reg.example.com', port: '' }],
  ['::1', { name: '::1', port: '' }],
])('splitHost splits %j', (host, parts) => {
  expect(splitHost(host)).toEqual(parts);
});

test('percentDecode decodes UTF-8 and keeps broken escapes', () => {
  expect(percentDecode('p%C3%A4ss%2B%zz+')).toBe('päss+%zz+');
});
