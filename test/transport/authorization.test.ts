import { expect, test } from 'vitest';
import { basicAuthorization, maySendBasic, maySendBearer } from '../../src/transport/authorization.ts';

test('Basic credentials are encoded as UTF-8', () => {
  expect(basicAuthorization({ username: 'üser', password: 'a:b' })).toBe('Basic w7xzZXI6YTpi');
});

test.each([
  ['https://reg.example.com/v2/', 'reg.example.com', 'https', true, true],
  ['https://reg.example.com:443/v2/', 'reg.example.com', 'https', false, true],
  ['https://reg.example.com/v2/', 'reg.example.com:443', 'https', false, true],
  ['https://reg.example.com:/v2/', 'reg.example.com', 'https', false, true],
  ['http://reg.example.com:80/v2/', 'reg.example.com', 'http', false, true],
  ['http://127.0.0.1:5000/v2/', '127.0.0.1:5000', 'http', true, true],
  ['https://[::1]:443/v2/', '[::1]', 'https', false, true],
  ['https://reg.example.com:80/v2/', 'reg.example.com', 'https', false, false],
  ['https://REG.example.com/v2/', 'reg.example.com', 'https', false, false],
  ['https://reg.example.com.evil.example/', 'reg.example.com', 'https', false, false],
  ['https://reg.example.com@evil.example/', 'reg.example.com', 'https', false, false],
  ['https://evil.example/?reg.example.com', 'reg.example.com', 'https', false, false],
  ['https://evil.example\\@reg.example.com/', 'reg.example.com', 'https', false, false],
  ['https://reg.example.com:5000/', 'reg.example.com', 'https', false, false],
  ['/v2/', 'reg.example.com', 'https', false, false],
] as const)(
  'to %s for the registry %s over %s: Basic %s, Bearer %s',
  (url, registry, scheme, basic, bearer) => {
    expect(maySendBasic(url, registry, scheme)).toBe(basic);
    expect(maySendBearer(url, registry, scheme)).toBe(bearer);
  },
);

test.each([
  ['http://reg.example.com/v2/', 'https', false],
  ['http://reg.example.com/v2/', 'http', true],
  ['https://reg.example.com/v2/', 'https', true],
  ['ftp://reg.example.com/v2/', 'http', false],
] as const)('to %s when the registry was reached over %s: %s', (url, scheme, allowed) => {
  expect(maySendBasic(url, 'reg.example.com', scheme)).toBe(allowed);
  expect(maySendBearer(url, 'reg.example.com', scheme)).toBe(allowed);
});
