// Secrets are redacted in every form in which a server may send them back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedaction } from '../../src/process/redaction.ts';
import { shownSecrets } from '../support/secret-forms.ts';

function redacting(...secrets: readonly string[]) {
  const { add, redact } = createRedaction();
  secrets.forEach(add);
  return redact;
}

const password = 'p4ss/w+rd é"<&>';

describe('redacts a secret', () => {
  it.each<[string, string]>([
    ['as it is', password],
    ['in a URL', `https://host/?a=${encodeURIComponent(password)}`],
    [
      'in a URL with small escapes',
      encodeURIComponent(password).replace(/%../g, (byte) => byte.toLowerCase()),
    ],
    ['in a form', new URLSearchParams({ password }).toString()],
    ['in JSON', JSON.stringify({ password })],
    ['in Basic credentials with a user of any length', Buffer.from(`user:${password}`).toString('base64')],
    ['in Basic credentials with a user of two characters', Buffer.from(`us:${password}`).toString('base64')],
    ['in Basic credentials with a user of one character', Buffer.from(`u:${password}`).toString('base64')],
    ['in the base64 of URLs', Buffer.from(`{"auth":"${password}"}`).toString('base64url')],
  ])('%s', (_name, text) => {
    const shown = redacting(password)(`before ${text} after`);
    expect(shownSecrets(shown, { password })).toEqual([]);
    expect(shown).toMatch(/^before .*REDACTED.* after$/);
  });

  it('in each line of a key with many lines', () => {
    const lines = ['-----BEGIN KEY-----', 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC', 'c2Vjb25kIGxpbmUgb2YgYSBrZXk='];
    const redact = redacting(lines.join('\n'));
    expect(redact(`line 2 is ${lines[2]}`)).toBe('line 2 is REDACTED');
  });

  it('when one secret is part of another', () => {
    expect(redacting('secret', 'secret-and-more')('a secret-and-more b secret')).toBe(
      'a REDACTED b REDACTED',
    );
  });

  it('at any position, encoded in any form', () => {
    const looks: readonly ((text: string) => string)[] = [
      (text) => text,
      encodeURIComponent,
      (text) => new URLSearchParams({ text }).toString(),
      (text) => JSON.stringify(text),
      (text) => Buffer.from(text).toString('base64'),
      (text) => Buffer.from(text).toString('base64url'),
    ];
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }),
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(...looks),
        (secret, before, after, look) => {
          const shown = redacting(secret)(look(before + secret + after));
          expect(shownSecrets(shown, { secret })).toEqual([]);
          expect(shown).toContain('REDACTED');
        },
      ),
    );
  });
});

describe('does not change', () => {
  it('strings without secrets', () => {
    const text = 'GET https://host/v2/team/image/manifests/1.0: MANIFEST_UNKNOWN: manifest unknown\n';
    expect(redacting(password, 'another one')(text)).toBe(text);
    expect(redacting()(text)).toBe(text);
  });

  it.each(['', 'a', 'short'])('secrets that are as short as words: %j', (secret) => {
    const text = 'a short text';
    expect(redacting(secret)(text)).toBe(text);
  });
});
