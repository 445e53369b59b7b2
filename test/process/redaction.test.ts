// Text that others write may hold our secrets in many looks; none of them may pass.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedaction } from '../../src/process/redaction.ts';
import { shownSecrets } from '../support/secret-forms.ts';

function redacting(...secrets: readonly string[]) {
  const { keep, redact } = createRedaction();
  secrets.forEach(keep);
  return redact;
}

const password = 'p4ss/w+rd é"<&>';

describe('a secret is redacted', () => {
  it.each<[string, string]>([
    ['as it is', password],
    ['in a URL', `https://host/?a=${encodeURIComponent(password)}`],
    [
      'in a URL with small escapes',
      encodeURIComponent(password).replace(/%../g, (byte) => byte.toLowerCase()),
    ],
    ['in a form', new URLSearchParams({ password }).toString()],
    ['in JSON', JSON.stringify({ password })],
    ['in Basic credentials of whatever user', Buffer.from(`user:${password}`).toString('base64')],
    ['in those of another', Buffer.from(`us:${password}`).toString('base64')],
    ['in those of a third', Buffer.from(`u:${password}`).toString('base64')],
    ['in the base64 of URLs', Buffer.from(`{"auth":"${password}"}`).toString('base64url')],
  ])('%s', (_name, text) => {
    const shown = redacting(password)(`before ${text} after`);
    expect(shownSecrets(shown, { password })).toEqual([]);
    expect(shown).toMatch(/^before .*REDACTED.* after$/);
  });

  it('in each line of a key that has many', () => {
    const lines = ['-----BEGIN KEY-----', 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC', 'c2Vjb25kIGxpbmUgb2YgYSBrZXk='];
    const redact = redacting(lines.join('\n'));
    expect(redact(`line 2 is ${lines[2]}`)).toBe('line 2 is REDACTED');
  });

  it('when one secret is part of another', () => {
    expect(redacting('secret', 'secret-and-more')('a secret-and-more b secret')).toBe(
      'a REDACTED b REDACTED',
    );
  });

  it('wherever it stands and whatever it is', () => {
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

describe('what is left alone', () => {
  it('text without secrets', () => {
    const text = 'GET https://host/v2/team/image/manifests/1.0: MANIFEST_UNKNOWN: manifest unknown\n';
    expect(redacting(password, 'another one')(text)).toBe(text);
    expect(redacting()(text)).toBe(text);
  });

  it.each(['', 'a', 'short'])('secrets too short to be told from words: %j', (secret) => {
    const text = 'a short text';
    expect(redacting(secret)(text)).toBe(text);
  });
});
