// URLs in messages: no password, signature or token, and what the protocol defines is shown.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactedUrl } from '../../src/transport/redacted-url.ts';

describe('redactedUrl', () => {
  it.each([
    ['https://user:secret@reg.example.com/v2/', 'https://user:xxxxx@reg.example.com/v2/'],
    ['https://user@reg.example.com/v2/', 'https://user@reg.example.com/v2/'],
    ['https://reg/v2/a/tags/list?n=10&last=x&page=9', 'https://reg/v2/a/tags/list?last=x&n=10&page=REDACTED'],
    ['https://reg/https://user:secret@other/a', 'https://reg/https://xxxxx@other/a'],
    ['https://reg/?Scope=secret', 'https://reg/?Scope=REDACTED'],
    ['https://reg/v2/#token=secret', 'https://reg/v2/'],
    ['https://reg/?%73cope=a', 'https://reg/?scope=a'],
    ['https://reg/?sig=%zz&digest=a', 'https://reg/?digest=a'],
    ['/v2/?token=secret', '/v2/'],
    ['//user:secret@reg/v2/', '//reg/v2/'],
    ['user:secret@reg\\x', '//reg\\x'],
    ['https://user:secret@reg\\x/?a=b', 'https://reg\\x/'],
  ])('redacts %s as %s', (url, shown) => {
    expect(redactedUrl(url)).toBe(shown);
  });

  it('never shows a password or the value of an unknown key, whatever is around it', () => {
    const secret = 's3cr3t';
    const part = fc.string({ maxLength: 6 });
    // A key of the protocol shows its value; `&` in the unknown key would begin another one, such as `n`.
    const unknownKey = part.map((end) => `k${end.replaceAll('&', '')}`);
    const otherPairs = fc.array(fc.oneof(part, fc.constantFrom('n', 'n=1', 'scope=a')), { maxLength: 3 });
    fc.assert(
      fc.property(part, unknownKey, otherPairs, otherPairs, part, (path, key, before, after, host) => {
        const query = [...before, `${key}=${secret}`, ...after].join('&');
        expect(redactedUrl(`https://u:${secret}@h/${path.replaceAll('?', '')}?${query}`)).not.toContain(
          secret,
        );
        expect(redactedUrl(`https://u:${secret}@${host.replace(/[/?#\\]/g, '')}`)).not.toContain(secret);
      }),
    );
  });
});
