// Changes at the manifest endpoint: which answers to a PUT count as success, and what is retried.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { putManifest } from '../../src/registry/manifest-changes.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { errorReply, type Reply } from '../support/reply.ts';
import { openTestSession, type TestSessionOptions } from '../support/test-session.ts';

const bytes = Buffer.from('{"fake":"manifest"}');
const digest = digestOf(bytes);
const other = digestOf(Buffer.from('other'));

/** A registry with one response to every PUT, and a session with it. */
async function registryOf(put: Reply, options: TestSessionOptions = {}) {
  const server = await startRecordingServer({
    answer: ({ path }) => (path === '/v2/' ? { status: 200 } : put),
  });
  const session = await openTestSession(`${server.host}/app`, options);
  const requests = () => server.journal.lines.slice(1);
  return { server, session, requests, [Symbol.asyncDispose]: () => server.close() };
}

describe('PUT of a manifest', () => {
  it.each([200, 201, 202])('is accepted with status %i', async (status) => {
    await using registry = await registryOf({ status });
    await putManifest(registry.session, 'latest', mediaTypes.ociManifest, bytes);
    const [, put] = registry.server.journal.requests;
    expect([put?.method, put?.path, put?.bodySize]).toEqual([
      'PUT',
      '/v2/app/manifests/latest',
      bytes.length,
    ]);
    expect(put?.headers['content-type']).toBe(mediaTypes.ociManifest);
    // Strict registries expect no further request.
    expect(registry.requests()).toEqual(['PUT /v2/app/manifests/latest']);
  });

  it('fails when the registry says that it stored another manifest', async () => {
    const put = { status: 201, headers: { 'docker-content-digest': other } };
    await using registry = await registryOf(put, { policy: 'out' });
    await expect(putManifest(registry.session, 'latest', mediaTypes.ociManifest, bytes)).rejects.toThrow(
      `/v2/app/manifests/latest: the registry says that it stored ${other}, but ${digest} was sent`,
    );
    expect(registry.requests()).toEqual(['PUT /v2/app/manifests/latest']);
  });

  it('fails when a web page comes in the place of the answer', async () => {
    const put = { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>' };
    await using registry = await registryOf(put, { policy: 'out' });
    await expect(putManifest(registry.session, 'latest', mediaTypes.ociManifest, bytes)).rejects.toThrow(
      "/v2/app/manifests/latest: the response is a web page (text/html), not a registry's answer",
    );
  });

  it.each([
    ['docker-content-digest', digest],
    ['location', '/v2/app/manifests/latest'],
  ])('is accepted with the type of a web page where the registry sends %s', async (header, value) => {
    const put = { status: 201, headers: { 'content-type': 'text/html', [header]: value }, body: 'OK' };
    await using registry = await registryOf(put);
    await putManifest(registry.session, 'latest', mediaTypes.ociManifest, bytes);
  });

  it.each([
    ['the digest of what was sent', mediaTypes.ociManifest, digest],
    ['what is no digest', mediaTypes.ociManifest, 'sha512:0'],
    ['the digest of the payload of a signed manifest', mediaTypes.dockerManifestSchema1Signed, other],
  ])('is accepted when the registry names %s', async (_, mediaType, stored) => {
    const put = { status: 201, headers: { 'docker-content-digest': stored } };
    await using registry = await registryOf(put);
    await putManifest(registry.session, 'latest', mediaType, bytes);
    expect(registry.requests()).toEqual(['PUT /v2/app/manifests/latest']);
  });

  it('is retried after a 429 and a reset by the policy of out, within the same session', async () => {
    await using registry = await registryOf({ status: 201 }, { policy: 'out' });
    registry.server.faults.add(
      { method: 'PUT', times: 1, fault: { kind: 'status', status: 429 } },
      { method: 'PUT', times: 1, fault: { kind: 'reset' } },
    );
    await putManifest(registry.session, digest, mediaTypes.ociManifest, bytes);
    expect(registry.requests()).toEqual(Array.from({ length: 3 }, () => `PUT /v2/app/manifests/${digest}`));
    expect(registry.server.journal.requests.at(-1)?.bodySize).toBe(bytes.length);
  });

  it('fails with the error of the registry', async () => {
    await using registry = await registryOf(errorReply(400, 'MANIFEST_INVALID', 'no'), { policy: 'out' });
    await expect(putManifest(registry.session, 'latest', 'x', bytes)).rejects.toThrow('MANIFEST_INVALID: no');
  });
});
