import { expect, test } from 'vitest';
import { errorHint, errorText, UserError } from '../../src/errors.ts';
import { OversizedBodyError, RegistryError } from '../../src/transport/registry-error.ts';

const url = 'https://user:s3cr3t@reg.example.com/v2/a/b/blobs/uploads/1?_state=s3cr3t';

test.each([
  [401, /username and password/],
  [403, /right to pull/],
  [404, /repository/],
  [413, /limits the size/],
  [429, /registry_mirror/],
  [503, /later/],
  [400, undefined],
  [416, undefined],
])('status %d comes with the next step', (status, hint) => {
  const { hint: text } = new RegistryError({ method: 'PUT', url, status, body: '' });
  if (hint === undefined) {
    expect(text).toBeUndefined();
  } else {
    expect(text).toMatch(hint);
  }
});

test.each([
  ['/v2/', '', /no registry answers there/],
  ['/v2/a/b/tags/list?n=1000', '', /name of the repository/],
  ['/v2/a/b/manifests/latest', 'NAME_UNKNOWN', /name of the repository/],
  ['/v2/a/b/blobs/uploads/', 'NAME_UNKNOWN', /name of the repository/],
  ['/v2/a/b/manifests/sha256:00', 'MANIFEST_UNKNOWN', /digest was deleted/],
  ['/v2/a/b/manifests/sha256:00', '', /digest was deleted/],
  ['/v2/a/b/manifests/latest', 'MANIFEST_UNKNOWN', /repository, tag and digest/],
  ['/v2/a/b/blobs/sha256:00', 'BLOB_UNKNOWN', /lost a part/],
])('what is missing at %s (%s) has a hint of its own', (path, code, hint) => {
  const body = code === '' ? '' : JSON.stringify({ errors: [{ code }] });
  expect(
    new RegistryError({ method: 'GET', url: `https://reg.example.com${path}`, status: 404, body }).hint,
  ).toMatch(hint);
});

test('nothing of it is secret', () => {
  const error = new RegistryError({ method: 'PUT', url, status: 400, body: '' });
  const shown = 'https://user:xxxxx@reg.example.com/v2/a/b/blobs/uploads/1?_state=REDACTED';
  expect(error.url).toBe(shown);
  expect(error.message).toBe(`PUT ${shown}: unexpected status code 400 Bad Request`);
  expect(JSON.stringify(error)).not.toContain('s3cr3t');
});

test('a body that is too long names its request in the hint only', () => {
  const error = new OversizedBodyError('PUT', url, 65_536);
  expect(errorText(error)).toBe('body exceeds 65536 byte limit');
  expect(errorHint(error)).toContain('PUT https://user:xxxxx@reg.example.com');
  expect(errorHint(error)).not.toContain('s3cr3t');
  expect(error).toBeInstanceOf(UserError);
});
