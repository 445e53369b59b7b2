// Which hint a user of the resource reads after a failed request to a registry.
import { expect, it } from 'vitest';
import { CorruptContentError } from '../../src/content/verified-content.ts';
import { UserError } from '../../src/errors.ts';
import { hintFor } from '../../src/process/hints.ts';
import { OversizedBodyError, RegistryError } from '../../src/transport/registry-error.ts';

const url = 'https://user:s3cr3t@reg.example.com/v2/a/b/blobs/uploads/1?_state=s3cr3t';

function refusal(status: number, more: { url?: string; body?: string } = {}): UserError {
  const cause = new RegistryError({ method: 'PUT', url, status, body: '', ...more });
  return new UserError('pushing image failed', { cause });
}

it.each([
  [401, /username and password/],
  [403, /right to pull/],
  [404, /repository/],
  [413, /limits the size/],
  [429, /registry_mirror/],
  [503, /later/],
])('a refusal with status %d has the hint %s', (status, hint) => {
  expect(hintFor(refusal(status))).toMatch(hint);
});

it.each([400, 416])('a refusal with status %d has no hint', (status) => {
  expect(hintFor(refusal(status))).toBeUndefined();
});

it.each([
  ['/v2/', '', /no registry answers there/],
  ['/v2/a/b/tags/list?n=1000', '', /name of the repository/],
  ['/v2/a/b/manifests/latest', 'NAME_UNKNOWN', /name of the repository/],
  ['/v2/a/b/blobs/uploads/', 'NAME_UNKNOWN', /name of the repository/],
  ['/v2/a/b/manifests/sha256:00', 'MANIFEST_UNKNOWN', /digest was deleted/],
  ['/v2/a/b/manifests/sha256:00', '', /digest was deleted/],
  ['/v2/a/b/manifests/latest', 'MANIFEST_UNKNOWN', /repository, tag and digest/],
  ['/v2/a/b/blobs/sha256:00', 'BLOB_UNKNOWN', /lost a part/],
])('a 404 for %s with the code "%s" has the hint %s', (path, code, hint) => {
  const body = code === '' ? '' : JSON.stringify({ errors: [{ code }] });
  expect(hintFor(refusal(404, { url: `https://reg.example.com${path}`, body }))).toMatch(hint);
});

it.each([
  ['CERTIFICATE_UNTRUSTED', 'ca_certs'],
  ['TLS_FAILED', 'insecure: true'],
  ['CONNECTION_REFUSED', 'check host and port'],
  ['HOST_UNRESOLVED', 'spelling'],
  ['PROXY_URL_INVALID', 'special characters escaped'],
  ['CA_CERT_UNREADABLE', 'give it in PEM'],
  ['HEADERS_TOO_LONG', 'no registry needs'],
  ['REDIRECT_LOOP', 'in a circle'],
  ['PLAIN_HTTP_REFUSED', 'set "insecure: true" to allow it'],
  ['WEB_PAGE', 'NO_PROXY'],
  ['PROXY_UNREACHABLE', 'that the proxy runs'],
  ['PROXY_GATEWAY', 'add it to NO_PROXY'],
  ['RESPONSE_MALFORMED', 'see their logs'],
  ['TOKEN_REDIRECT_REFUSED', 'gets no credentials'],
  ['TOKEN_REALM_MISSING', 'no realm'],
  ['TOKEN_REALM_REFUSED', 'right registry'],
  ['TOKEN_RESPONSE_INVALID', 'token server'],
])('a failure with the code %s has the hint "%s"', (code, hint) => {
  expect(hintFor(new UserError('outer', { cause: new UserError('inner', { code }) }))).toContain(hint);
});

it('an answer that is too long is named by its request, without secrets', () => {
  const hint = hintFor(new OversizedBodyError('PUT', url, 65_536));
  expect(hint).toContain('PUT https://user:xxxxx@reg.example.com');
  expect(hint).not.toContain('s3cr3t');
});

it('content with a wrong digest is explained when a registry served it', () => {
  expect(hintFor(new CorruptContentError('wrong', { facts: { side: 'registry' } }))).toContain(
    'serves other bytes',
  );
  expect(hintFor(new CorruptContentError('wrong'))).toBeUndefined();
});

it('of several failures, such as over https and http, the first hint counts', () => {
  const parts = [new Error('no hint'), new UserError('https', { code: 'TLS_FAILED' }), refusal(503)];
  const error = new UserError('no answer', { cause: new AggregateError(parts, 'both') });
  expect(hintFor(error)).toContain('insecure: true');
});
