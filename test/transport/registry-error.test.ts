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
