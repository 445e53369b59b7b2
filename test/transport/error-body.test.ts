import { describe, expect, it, test } from 'vitest';
import { goText, isTemporary, parseErrorBody, registryErrorText } from '../../src/transport/error-body.ts';
import { statusText } from '../../src/transport/status-text.ts';

describe('parseErrorBody', () => {
  it.each([
    ['{"errors":[{"code":"A","CODE":"B"}]}', [{ code: 'B', message: '' }]],
    ['{"errors":[{"code":"A","Code":7}]}', [{ code: 'A', message: '' }]],
    ['{"errors":[{"code":"A","detail":1e400}]}', [{ code: 'A', message: '' }]],
    ['{"errors":[{"code":"A","detail":"<nil>"}]}', [{ code: 'A', message: '', detail: '<nil>' }]],
    ['{"errors":null}', []],
    ['null', []],
    ['', []],
  ])('reads %s', (body, entries) => {
    expect(parseErrorBody(body)).toEqual(entries);
    expect(parseErrorBody(Buffer.from(body))).toEqual(entries);
  });
});

describe('goText', () => {
  it.each([
    ['0', '0'],
    ['-0', '-0'],
    ['999999', '999999'],
    ['1000000', '1e+06'],
    ['-1234567.5', '-1.2345675e+06'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['1e100', '1e+100'],
    ['5e-324', '5e-324'],
    ['{"a":1e400}', 'map[a:<nil>]'],
    ['{"b":1,"a":[true,null,"x y",{}],"":[]}', 'map[:[] a:[true <nil> x y map[]] b:1]'],
    ['{"\\uffff":1,"\\ud83d\\ude00":2}', 'map[\uffff:1 \u{1f600}:2]'],
    ['{"__proto__":1}', 'map[__proto__:1]'],
  ])('prints %s as %s, as Go does', (json, text) => {
    expect(goText(JSON.parse(json))).toBe(text);
  });

  it('prints the deepest nesting that an error body can have', () => {
    const depth = 30_000;
    const body = `{"errors":[{"code":"A","detail":${'['.repeat(depth)}${']'.repeat(depth)}}]}`;
    const text = registryErrorText({ method: 'GET', url: 'https://reg/', status: 400, body });
    expect(text).toBe(`GET https://reg/: A: ; ${'['.repeat(depth)}${']'.repeat(depth)}`);
  });
});

test.each([
  [408, [], true],
  [429, [], true],
  [500, [], true],
  [501, [], false],
  [502, [], true],
  [505, [], false],
  [404, ['UNKNOWN'], true],
  [400, ['BLOB_UPLOAD_INVALID', 'TOOMANYREQUESTS'], true],
  [503, ['UNAVAILABLE', 'DENIED'], false],
])('status %d with codes %j is temporary: %s', (status, codes, temporary) => {
  expect(
    isTemporary(
      status,
      codes.map((code) => ({ code, message: '' })),
    ),
  ).toBe(temporary);
});

test.each([
  [200, 'OK'],
  [413, 'Request Entity Too Large'],
  [418, "I'm a teapot"],
  [509, ''],
  [511, 'Network Authentication Required'],
])('status %d has the name %j, as in Go', (status, name) => {
  expect(statusText(status)).toBe(name);
});
