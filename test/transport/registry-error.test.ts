import { expect, test } from 'vitest';
import { errorText, UserError } from '../../src/errors.ts';
import { OversizedBodyError, RegistryError } from '../../src/transport/registry-error.ts';

const url = 'https://user:s3cr3t@reg.example.com/v2/a/b/blobs/uploads/1?_state=s3cr3t';

test('a refusal shows no secret of its URL', () => {
  const error = new RegistryError({ method: 'PUT', url, status: 400, body: '' });
  const shown = 'https://user:xxxxx@reg.example.com/v2/a/b/blobs/uploads/1?_state=REDACTED';
  expect(error.url).toBe(shown);
  expect(error.message).toBe(`PUT ${shown}: unexpected status code 400 Bad Request`);
  expect(JSON.stringify(error)).not.toContain('s3cr3t');
});

test.each([
  ['PUT', '/manifests/1.0', 400, 'BLOB_UPLOAD_INVALID', '', true],
  ['PUT', '/manifests/1.0', 429, 'TOOMANYREQUESTS', '', false],
  ['PUT', '/manifests/1.0', 503, 'UNAVAILABLE', '', false],
  ['PUT', '/blobs/uploads/1?digest=x', 400, 'BLOB_UPLOAD_INVALID', '', false],
  ['PATCH', '/blobs/uploads/1', 400, 'BLOB_UPLOAD_INVALID', 'Asset cannot be updated', true],
  ['PATCH', '/blobs/uploads/1', 400, 'UNKNOWN', 'Repository does not allow updating assets: x', true],
  ['PATCH', '/blobs/uploads/1', 500, 'UNKNOWN', 'Repository does not allow updating assets: x', false],
])('%s of %s with %i %s %j is final: %s', (method, path, status, code, detail, isFinal) => {
  const body = JSON.stringify({ errors: [{ code, message: 'refused', detail }] });
  const refused = new RegistryError({ method, url: `https://reg.example.com/v2/a/b${path}`, status, body });
  expect(refused.isFinal).toBe(isFinal);
  expect(refused.temporary).toBe(true);
});

test('a body that is too long is an error without a status, which names its request in the facts only', () => {
  const error = new OversizedBodyError('PUT', url, 65_536);
  expect(errorText(error)).toBe('body exceeds 65536 byte limit');
  expect(error).toBeInstanceOf(UserError);
  expect(error.code).toBe('BODY_TOO_LONG');
  expect(error.facts).toEqual({
    method: 'PUT',
    url: 'https://user:xxxxx@reg.example.com/v2/a/b/blobs/uploads/1?_state=REDACTED',
  });
});
