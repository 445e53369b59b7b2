import { expect, test } from 'vitest';
import { errorHint, errorText, UserError } from '../../src/errors.ts';
import { OversizedBodyError, RegistryError } from '../../src/transport/registry-error.ts';

const url = 'https://user:s3cr3t@reg.example.com/v2/a/b/blobs/uploads/1?_state=s3cr3t';

test.each([
  [401, /username and password/],
  [403, /permissions/],
  [404, /repository/],
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
