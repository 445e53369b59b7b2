import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/transport/proxy.ts';

const proxy = 'http://proxy.example:3128';
const url = 'https://reg.example.com/v2/';

describe('proxyFor', () => {
  it.each([
    [url, {}, undefined],
    [url, { HTTPS_PROXY: proxy }, proxy],
    [url, { https_proxy: proxy }, proxy],
    [url, { HTTPS_PROXY: proxy, https_proxy: 'http://other:1' }, proxy],
    [url, { HTTPS_PROXY: '', https_proxy: proxy }, proxy],
    [url, { HTTP_PROXY: proxy }, undefined],
    [url, { ALL_PROXY: proxy }, undefined],
    ['http://reg.example.com/v2/', { HTTP_PROXY: proxy }, proxy],
    ['http://reg.example.com/v2/', { http_proxy: proxy }, proxy],
    ['http://reg.example.com/v2/', { HTTPS_PROXY: proxy }, undefined],
    ['http://reg.example.com/v2/', { HTTP_PROXY: proxy, REQUEST_METHOD: 'GET' }, undefined],
    [url, { HTTPS_PROXY: proxy, REQUEST_METHOD: 'GET' }, proxy],
    [url, { HTTPS_PROXY: 'proxy.example:3128' }, 'http://proxy.example:3128'],
    [url, { HTTPS_PROXY: 'user:pass@proxy.example' }, 'http://user:pass@proxy.example'],
    [url, { HTTPS_PROXY: 'https://proxy.example' }, 'https://proxy.example'],
    [url, { HTTPS_PROXY: 'http://[fd00::1]:3128' }, 'http://[fd00::1]:3128'],
    [url, { HTTPS_PROXY: ':::' }, undefined],
  ])('for %s with %j is %s', (target, environment, expected) => {
    expect(proxyFor(target, environment)).toBe(expected);
  });

  it.each([
    'https://localhost/',
    'https://localhost:5000/',
    'https://LOCALHOST/',
    'https://127.0.0.1:5000/',
    'https://127.1.2.3/',
    'https://[::1]:5000/',
  ])('is undefined for %s, which is this machine', (target) => {
    expect(proxyFor(target, { HTTPS_PROXY: proxy })).toBeUndefined();
  });

  it.each(['https://localhost.example/', 'https://my.localhost/', 'https://128.0.0.1/', 'https://[::2]/'])(
    'is used for %s',
    (target) => {
      expect(proxyFor(target, { HTTPS_PROXY: proxy })).toBe(proxy);
    },
  );
});

describe('NO_PROXY', () => {
  it.each([
    ['*', 'https://anything.example/'],
    ['other, *', 'https://anything.example/'],
    ['example.com', 'https://example.com/'],
    ['example.com', 'https://reg.example.com/'],
    ['EXAMPLE.com', 'https://REG.example.COM/'],
    [' example.com ,x', 'https://example.com/'],
    ['.example.com', 'https://reg.example.com/'],
    ['*.example.com', 'https://reg.example.com/'],
    ['example.com:443', 'https://example.com/'],
    ['example.com:5000', 'https://example.com:5000/'],
    ['bücher.example', 'https://xn--bcher-kva.example/'],
    ['10.1.2.3', 'https://10.1.2.3:5000/'],
    ['10.1.2.3:5000', 'https://10.1.2.3:5000/'],
    ['10.0.0.0/8', 'https://10.1.2.3/'],
    ['10.1.2.3/8', 'https://10.9.9.9/'],
    ['0.0.0.0/0', 'https://8.8.8.8/'],
    ['fd00::/8', 'https://[fd00::1]:5000/'],
    ['fd00::1', 'https://[fd00::1]/'],
    ['fd00:0:0::1', 'https://[fd00::1]/'],
    ['[fd00::1]:443', 'https://[fd00::1]/'],
  ])('%s makes %s direct', (list, target) => {
    const environment = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
    expect(proxyFor(target, environment)).toBe(proxy);
    expect(proxyFor(target, { ...environment, NO_PROXY: list })).toBeUndefined();
    expect(proxyFor(target, { ...environment, no_proxy: list })).toBeUndefined();
  });

  it.each([
    ['example.com', 'https://badexample.com/'],
    ['example.com', 'https://example.com.evil/'],
    ['.example.com', 'https://example.com/'],
    ['*.example.com', 'https://example.com/'],
    ['reg.example.com', 'https://example.com/'],
    ['example.com:80', 'https://example.com/'],
    ['example.com:443', 'https://example.com:5000/'],
    ['10.1.2.3:80', 'https://10.1.2.3/'],
    ['10.0.0.0/8', 'https://11.0.0.1/'],
    ['10.0.0.0/33', 'https://10.0.0.1/'],
    ['10.0.0.0/x', 'https://10.0.0.1/'],
    ['fd00::/8', 'https://10.0.0.1/'],
    ['10', 'https://1.1.1.10/'],
    [':443', 'https://example.com/'],
    [', ,', 'https://example.com/'],
    ['.', 'https://example.com/'],
  ])('%s leaves the proxy for %s', (list, target) => {
    expect(proxyFor(target, { HTTPS_PROXY: proxy, NO_PROXY: list })).toBe(proxy);
  });
});
