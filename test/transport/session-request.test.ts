// The requests of a session: the status is checked, the body read or discarded, passing failures retried.
import { describe, expect, it } from 'vitest';
import { RegistryError } from '../../src/transport/registry-error.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry } from '../support/registry.ts';
import { openTestSession } from '../support/test-session.ts';

const target = '/v2/app/tags/list';

async function openRegistry() {
  const registry = await startRegistry();
  registry.putBlob('app', 'hello');
  return { registry, session: await openTestSession(`${registry.host}/app`) };
}

describe('session.request', () => {
  it('returns status, headers and the whole body of an expected response', async () => {
    const { registry, session } = await openRegistry();
    await using _ = registry;
    const blob = registry.putBlob('app', 'content');
    const answer = await session.request({
      method: 'GET',
      target: `/v2/app/blobs/${blob}`,
      expect: [200],
      bodyLimit: 7,
    });
    expect([answer.status, answer.headers['content-length'], answer.bytes.toString()]).toEqual([
      200,
      '7',
      'content',
    ]);
  });

  it('discards a body without a limit, and sends Accept beside the other headers', async () => {
    const { registry, session } = await openRegistry();
    await using _ = registry;
    const blob = registry.putBlob('app', 'content');
    const answer = await session.request({
      method: 'GET',
      target: `/v2/app/blobs/${blob}`,
      accept: 'application/json',
      headers: { 'x-other': 'sent too' },
      expect: [200],
    });
    expect(answer.bytes).toHaveLength(0);
    expect(registry.requests.at(-1)?.headers).toMatchObject({
      accept: 'application/json',
      'x-other': 'sent too',
    });
  });

  it('sends HEADs that follow each other over one connection', async () => {
    await using server = await startRecordingServer({
      answer: ({ method }) => ({
        status: 200,
        headers: method === 'HEAD' ? { 'content-length': '12345' } : {},
      }),
    });
    const session = await openTestSession(`${server.host}/app`);
    const { connections } = server;
    for (let count = 0; count < 5; count++) {
      const { headers, bytes } = await session.request({ method: 'HEAD', target, expect: [200] });
      expect([headers['content-length'], bytes.length]).toEqual(['12345', 0]);
    }
    expect(server.connections).toBe(connections);
  });

  it('throws a RegistryError for a status that is not expected', async () => {
    const { registry, session } = await openRegistry();
    await using _ = registry;
    registry.faults.add({ path: target, fault: { kind: 'status', status: 403 } });
    const error = await session.request({ method: 'GET', target, expect: [200] }).catch((caught) => caught);
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ status: 403, method: 'GET' });
  });

  it('throws for a body that is longer than its limit', async () => {
    const { registry, session } = await openRegistry();
    await using _ = registry;
    const blob = registry.putBlob('app', 'content');
    const request = { method: 'GET', target: `/v2/app/blobs/${blob}`, expect: [200], bodyLimit: 6 };
    await expect(session.request(request)).rejects.toThrow('body exceeds 6 byte limit');
  });

  it('is repeated by the retrier after a passing failure, where requestOnce fails', async () => {
    const { registry, session } = await openRegistry();
    await using _ = registry;
    registry.faults.add({ path: target, times: 2, fault: { kind: 'status', status: 503 } });
    const request = { method: 'GET', target, expect: [200] };
    await expect(session.requestOnce(request)).rejects.toThrow('503');
    expect((await session.request(request)).status).toBe(200);
    expect(registry.journal.select({ path: target })).toHaveLength(3);
  });
});
