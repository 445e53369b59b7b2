// Which URLs a session may request: the registry's own host keeps the scheme of the session, and https is not left.
import { describe, expect, it } from 'vitest';
import { admitUrl, type SessionSecurity, type UrlUse } from '../../src/transport/plain-http.ts';

const secure: SessionSecurity = { registry: 'reg.example.com', scheme: 'https', insecure: false };
const onPort: SessionSecurity = { ...secure, registry: 'reg.example.com:5000' };
const plain: SessionSecurity = { ...secure, scheme: 'http' };
const from = 'https://reg.example.com/v2/app/blobs/uploads/';
const upload: UrlUse = { method: 'PATCH', from, isVerified: false };
const download: UrlUse = { method: 'GET', from, isVerified: true };

describe('admitUrl', () => {
  it.each([
    ['http://reg.example.com/up?_state=%2F', secure, 'https://reg.example.com/up?_state=%2F'],
    ['http://reg.example.com:443/up', secure, 'https://reg.example.com:443/up'],
    ['http://REG.example.com/up', secure, 'https://REG.example.com/up'],
    ['HTTP://reg.example.com:5000/up', onPort, 'https://reg.example.com:5000/up'],
    ['https://reg.example.com/up', plain, 'http://reg.example.com/up'],
    ['https://other.example.com/up', secure, 'https://other.example.com/up'],
    ['http://other.example.com/up', plain, 'http://other.example.com/up'],
    ['https://other.example.com/up', plain, 'https://other.example.com/up'],
  ])('makes of %s for %o the URL %s', (url, session, expected) => {
    expect(admitUrl(url, upload, session)).toEqual({ url: expected, isPlain: false });
  });

  it.each([
    ['http://other.example.com/up', secure],
    ['http://reg.example.com:80/up', secure],
    ['http://reg.example.com/up', onPort],
    ['http://reg.example.com:5001/up', onPort],
  ])('refuses %s in an https session', (url, session) => {
    expect(() => admitUrl(url, upload, session)).toThrow(/^PATCH .* refused to continue over http at http:/);
  });

  it('allows http on another host for content that is verified, and reports it', () => {
    const url = 'http://cdn.example.com/blob?signature=x';
    expect(admitUrl(url, download, secure)).toEqual({ url, isPlain: true });
  });

  it('allows http on another host when the user allows it', () => {
    const url = 'http://other.example.com/up';
    expect(admitUrl(url, upload, { ...secure, insecure: true })).toEqual({ url, isPlain: false });
  });

  it('refuses a redirect to the same URL over http, which would not end', () => {
    const url = 'http://reg.example.com/v2/';
    const use = { method: 'GET', from: 'https://reg.example.com/v2/', isVerified: false };
    expect(() => admitUrl(url, use, secure)).toThrow(
      'refused to continue over http at http://reg.example.com/v2/',
    );
  });

  it('shows no secret of a refused URL', () => {
    expect(() => admitUrl('http://u:hidden@other/?token=hidden', upload, secure)).toThrow(
      /^(?!.*hidden).*refused/,
    );
  });
});
