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

  it.each<[string, string]>([
    ['the escapes of Go for HTML', 'p4ss/w+rd \u00e9\\"\\u003c\\u0026\\u003e'],
    ['the escapes of Go for HTML in upper case', 'p4ss/w+rd \u00e9\\u0022\\u003C\\u0026\\u003E'],
    ['JSON with an escaped slash and non-ASCII letter', 'p4ss\\/w+rd \\u00e9\\"<&>'],
    ['HTML entities', 'p4ss/w+rd &#233;&quot;&lt;&amp;&gt;'],
    ['numeric HTML entities', 'p4ss/w&#43;rd é&#34;&#x3C;&#38;&#x3e;'],
    [
      'escapes in which every character is encoded',
      [...Buffer.from(password)].map((byte) => `%${byte.toString(16)}`).join(''),
    ],
    ['percent-encoding in mixed case', 'p4ss%2fw%2Brd%20%C3%a9%22%3c&%3E'],
    ['percent-encoding of a percent-encoding', encodeURIComponent(encodeURIComponent(password))],
    ['HTML in JSON', JSON.stringify('p4ss/w+rd é&quot;&lt;&amp;&gt;')],
    ['Go syntax of bytes', 'p4ss/w+rd \\xc3\\xa9\\"<&>'],
    ['base64 of JSON', Buffer.from(JSON.stringify({ auth: password })).toString('base64')],
    ['percent-encoded base64', encodeURIComponent(Buffer.from(`??>${password}`).toString('base64'))],
    [
      'base64 after other characters of the alphabet',
      `Basic/${Buffer.from(`user:${password}`).toString('base64')}`,
    ],
  ])('in %s', (_name, text) => {
    const shown = redacting(password)(`before ${text} after`);
    expect(shown).toMatch(/^before .*REDACTED.* after$/);
    expect(shown).not.toMatch(/p4ss|rd/);
  });

  it('with characters outside of the basic plane in JSON', () => {
    expect(redacting('pass😀word')('"pass\\ud83d\\ude00word"')).toBe('"REDACTED"');
  });

  it('without the line feed that was written after it', () => {
    expect(redacting('secret\n')('no user with secret, sorry')).toBe('no user with REDACTED, sorry');
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
      (text) => encodeURIComponent(JSON.stringify(text)),
      (text) => text.replace(/[<>&'"]/g, (character) => `&#${character.charCodeAt(0)};`),
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

  it('an empty secret', () => {
    expect(redacting('')('a text')).toBe('a text');
  });
});

describe('a secret of less than six characters', () => {
  it.each([
    ['1234', 'PIN 1234 is wrong', 'PIN REDACTED is wrong'],
    ['1234', '"pin":"1234"', '"pin":"REDACTED"'],
    ['1234', 'pin%3D1234&a', 'pin%3DREDACTED&a'],
    ['é<', '"\\u00e9\\u003c"', '"REDACTED"'],
    ['-', 'the password "-" is wrong', 'the password "REDACTED" is wrong'],
  ])('%j is redacted where it stands by itself in %j', (secret, text, shown) => {
    expect(redacting(secret)(text)).toBe(shown);
  });

  it.each([
    ['1234', 'sha256:12345678 after 91234 ms'],
    ['in', 'downloading in_2'],
    ['-', 'retry-after - [----]'.replace(' - ', '-')],
  ])('%j is not redacted within %j', (secret, text) => {
    expect(redacting(secret)(text)).toBe(text);
  });
});

describe('a secret that a server chose', () => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl/+==';
  const redactingToken = (secret: string) => {
    const { addServerSecret, redact } = createRedaction();
    addServerSecret(secret);
    return redact;
  };

  it.each([
    ['whole', `Bearer ${token}, no`, 'Bearer REDACTED, no'],
    ['truncated', `Bearer ${token.slice(0, 30)}`, 'Bearer REDACTED'],
    ['percent-encoded', `token=${encodeURIComponent(token)}&a=b`, 'token=REDACTED&a=b'],
    ['escaped by Go', `"${token.replaceAll('=', '\\u003d')}"`, '"REDACTED"'],
  ])('is redacted %s', (_name, text, shown) => {
    expect(redactingToken(token)(text)).toBe(shown);
  });

  it.each([
    ['sha256:', `sha256:${'0'.repeat(64)}`],
    [`sha256:${'0'.repeat(64)}`, `pushed sha256:${'0'.repeat(64)}`],
    ['error', 'an error'],
    ['transient error: connection reset', 'transient error: connection reset'],
  ])('does not blind the log: %j', (secret, text) => {
    expect(redactingToken(secret)(text)).toBe(text);
  });

  it('is forgotten when thousands of others follow, so that no server fills the memory', () => {
    const { addServerSecret, redact } = createRedaction();
    for (let number = 0; number < 5000; number++) {
      addServerSecret(`${number}-is-the-token-of-a-server`);
    }
    expect(redact('0-is-the-token-of-a-server')).toBe('0-is-the-token-of-a-server');
    expect(redact('4999-is-the-token-of-a-server')).toBe('REDACTED');
  });
});

describe('the time that redaction takes', () => {
  const seconds = (text: string, tokens: number) => {
    const { add, addServerSecret, redact } = createRedaction();
    add('a secret of the user');
    for (let number = 0; number < tokens; number++) {
      addServerSecret(`${'A'.repeat(30)}${number}`);
    }
    const start = performance.now();
    redact(text);
    return (performance.now() - start) / 1000;
  };

  it.each([
    ['escapes', '%2f&amp;\\u0041+'],
    ['base64', 'QUFB'],
    ['heads of tokens', 'AAAAAAAAAAAAAAAAAAA '],
    ['unfinished escapes', '%2&#1\\u00&'],
  ])('is short for a megabyte of %s', (_name, piece) => {
    // A step that takes quadratic time would take hours.
    expect(seconds(piece.repeat(1_000_000 / piece.length), 1000)).toBeLessThan(20);
  });
});
