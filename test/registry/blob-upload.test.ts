// Blob uploads: existence check, POST, PATCH and PUT; which of them are repeated after which failure.
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ContentNode } from '../../src/content/content-graph.ts';
import { errorText } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { openBlob } from '../../src/registry/blob-download.ts';
import { hasBlob, uploadBlob } from '../../src/registry/blob-upload.ts';
import { type KeyPair, serverKeys } from '../support/certificates.ts';
import type { ReceivedRequest } from '../support/exchange.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { FaultRule } from '../support/fault.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { type RegistryOptions, startRegistry } from '../support/registry.ts';
import type { Reply } from '../support/reply.ts';
import { openTestSession, recordedLog, testRetrier } from '../support/test-session.ts';

const content = Buffer.alloc(500_000, 'content ');
const digest = digestOf(content);

function blob() {
  let opened = 0;
  const node: ContentNode = {
    descriptor: { mediaType: 'x', size: content.length, digest },
    kind: 'blob',
    open: async () => {
      opened += 1;
      return Readable.from([content.subarray(0, 100_000), content.subarray(100_000)]);
    },
  };
  return { node, opened: () => opened };
}

async function registryOf(faults: readonly FaultRule[] = [], options: RegistryOptions = {}) {
  const registry = await startRegistry({ ...options, faults });
  onTestFinished(() => registry.close());
  const clock = createFakeClock();
  const session = await openTestSession(`${registry.host}/app`, {
    actions: 'push,pull',
    policy: 'out',
    clock,
  });
  const methods = () => registry.requests.slice(1).map(({ method }) => method);
  return { registry, session, clock, methods };
}

describe('the existence check of a blob', () => {
  it('returns whether the registry has the blob', async () => {
    const { registry, session } = await registryOf();
    expect(await hasBlob(session, digest)).toBe(false);
    registry.putBlob('app', content);
    expect(await hasBlob(session, digest)).toBe(true);
  });

  it('is repeated after 429, and counts 403 as absent', async () => {
    const { session, methods } = await registryOf([
      { method: 'HEAD', times: 2, fault: { kind: 'status', status: 429 } },
      { method: 'HEAD', times: 1, fault: { kind: 'status', status: 403 } },
    ]);
    expect(await hasBlob(session, digest)).toBe(false);
    expect(methods()).toEqual(['HEAD', 'HEAD', 'HEAD']);
  });
});

describe('the upload of a blob', () => {
  it.each(['relative', 'absolute'] as const)('is POST, PATCH and PUT with %s locations', async (links) => {
    const { registry, session, methods } = await registryOf([], { links });
    expect(await uploadBlob(session, blob().node)).toBe('pushed');
    expect(methods()).toEqual(['POST', 'PATCH', 'PUT']);
    expect(registry.blob('app', digest)?.equals(content)).toBe(true);
    const [, , patch, put] = registry.requests;
    expect(patch?.headers).toMatchObject({
      'content-length': String(content.length),
      'content-type': 'application/octet-stream',
    });
    // The state that the registry put into its location comes along.
    expect(put?.query.get('digest')).toBe(digest);
    expect(put?.query.get('_state')).toBeTruthy();
    expect(registry.openUploads).toBe(0);
  });

  it('ends after POST when the registry responds 201', async () => {
    const { session, methods } = await registryOf([
      { method: 'POST', fault: { kind: 'status', status: 201 } },
    ]);
    expect(await uploadBlob(session, blob().node)).toBe('mounted');
    expect(methods()).toEqual(['POST']);
  });

  it('succeeds for a blob of no bytes', async () => {
    const { registry, session } = await registryOf();
    const empty = digestOf(Buffer.from(''));
    const node: ContentNode = {
      descriptor: { mediaType: 'x', size: 0, digest: empty },
      kind: 'blob',
      open: async () => Readable.from([]),
    };
    expect(await uploadBlob(session, node)).toBe('pushed');
    expect(registry.blob('app', empty)).toHaveLength(0);
  });

  it('fails with the error of the registry when POST is refused, without a retry', async () => {
    const { session, methods } = await registryOf([
      {
        method: 'POST',
        fault: { kind: 'status', status: 403, body: { errors: [{ code: 'DENIED', message: 'no' }] } },
      },
    ]);
    await expect(uploadBlob(session, blob().node)).rejects.toThrow('DENIED: no');
    expect(methods()).toEqual(['POST']);
  });

  it.each<[string, FaultRule['fault'], string[]]>([
    [
      'the connection breaks',
      { kind: 'resetUpload', after: 100 },
      ['POST', 'PATCH', 'HEAD', 'POST', 'PATCH', 'PUT'],
    ],
    [
      'the response is 500',
      { kind: 'status', status: 500 },
      ['POST', 'PATCH', 'HEAD', 'POST', 'PATCH', 'PUT'],
    ],
    [
      'the response is 429',
      { kind: 'status', status: 429 },
      ['POST', 'PATCH', 'HEAD', 'POST', 'PATCH', 'PUT'],
    ],
  ])(
    'starts a new session when %s in PATCH, because the old one may hold half of the bytes',
    async (_name, fault, expected) => {
      const { registry, session, methods } = await registryOf([{ method: 'PATCH', times: 1, fault }]);
      const { node, opened } = blob();
      expect(await uploadBlob(session, node)).toBe('pushed');
      expect(methods()).toEqual(expected);
      expect(opened()).toBe(2);
      expect(registry.blob('app', digest)?.equals(content)).toBe(true);
    },
  );

  it.each<[string, string, number, string | undefined]>([
    ['PATCH', 'a 404', 404, undefined],
    ['PUT', 'a 404', 404, undefined],
    ['PATCH', 'BLOB_UPLOAD_UNKNOWN', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['PUT', 'BLOB_UPLOAD_UNKNOWN with 400', 400, 'BLOB_UPLOAD_UNKNOWN'],
  ])('starts a new session when %s meets %s, after a HEAD', async (method, _name, status, code) => {
    const body = code === undefined ? 'not found' : { errors: [{ code }] };
    const { registry, session, methods } = await registryOf([
      { method, times: 1, fault: { kind: 'status', status, body } },
    ]);
    expect(await uploadBlob(session, blob().node)).toBe('pushed');
    const first = method === 'PATCH' ? ['POST', 'PATCH'] : ['POST', 'PATCH', 'PUT'];
    expect(methods()).toEqual([...first, 'HEAD', 'POST', 'PATCH', 'PUT']);
    expect(registry.blob('app', digest)?.equals(content)).toBe(true);
  });

  it('is done when the HEAD after a lost session finds the blob', async () => {
    const { registry, session, methods } = await registryOf([
      { method: 'PUT', times: 1, fault: { kind: 'status', status: 404 } },
    ]);
    registry.putBlob('app', content);
    expect(await uploadBlob(session, blob().node)).toBe('pushed');
    expect(methods()).toEqual(['POST', 'PATCH', 'PUT', 'HEAD']);
  });

  it('fails after three sessions that are lost', async () => {
    const { session, methods } = await registryOf([
      { method: 'PATCH', fault: { kind: 'status', status: 404 } },
    ]);
    const error = await uploadBlob(session, blob().node).catch((caught: unknown) => caught);
    expect(errorText(error)).toMatch(
      /^the registry does not know the upload that it opened: PATCH .*NOT_FOUND/,
    );
    expect(methods().filter((method) => method === 'PATCH')).toHaveLength(3);
  });

  it.each([429, 503])('repeats only PUT after %i', async (status) => {
    const { session, methods, clock } = await registryOf([
      { method: 'PUT', times: 2, fault: { kind: 'status', status, headers: { 'retry-after': '30' } } },
    ]);
    const { node, opened } = blob();
    expect(await uploadBlob(session, node)).toBe('pushed');
    expect(methods()).toEqual(['POST', 'PATCH', 'PUT', 'PUT', 'PUT']);
    expect(opened()).toBe(1);
    expect(clock.waits.filter((wait) => wait === 30_000)).toHaveLength(2);
  });

  it('does not send a blob again that was stored although PUT had no response', async () => {
    const { registry, session, methods } = await registryOf();
    registry.putBlob('app', content);
    registry.faults.add({ method: 'PUT', times: 1, fault: { kind: 'reset' } });
    expect(await uploadBlob(session, blob().node)).toBe('pushed');
    expect(methods()).toEqual(['POST', 'PATCH', 'PUT', 'HEAD']);
  });

  it.each([
    ['429', { kind: 'status', status: 429 }],
    [
      'a temporary error code',
      { kind: 'status', status: 400, body: { errors: [{ code: 'BLOB_UPLOAD_INVALID', message: 'x' }] } },
    ],
    ['a reset', { kind: 'reset' }],
  ] as const)('repeats POST after %s', async (_name, fault) => {
    const { session, methods } = await registryOf([{ method: 'POST', times: 1, fault }]);
    expect(await uploadBlob(session, blob().node)).toBe('pushed');
    expect(methods().filter((method) => method !== 'HEAD')).toEqual(['POST', 'POST', 'PATCH', 'PUT']);
  });

  it.each(['POST', 'PATCH', 'PUT'])(
    'waits once for a registry that goes away at %s: for 90 s',
    async (method) => {
      const { registry, session, clock } = await registryOf();
      const gone = () => {
        void registry.close();
        return { kind: 'reset' } as const;
      };
      registry.faults.add({ method, fault: gone });
      const start = clock.now();
      await expect(uploadBlob(session, blob().node)).rejects.toSatisfy((error) =>
        errorText(error).includes('ECONNREFUSED'),
      );
      const seconds = (clock.now() - start) / 1000;
      expect(seconds).toBeGreaterThan(85);
      // The broken connection has a wait of its own before the first try that cannot connect.
      expect(seconds).toBeLessThan(97);
    },
  );

  it('has ten tries in all when the registry is overloaded, whichever of its requests fails', async () => {
    let checks = 0;
    const overloaded = { kind: 'status', status: 503 } as const;
    const { session, clock } = await registryOf([
      { method: 'POST', fault: overloaded },
      { method: 'HEAD', fault: () => (++checks > 4 ? overloaded : undefined) },
    ]);
    const before = clock.waits.length;
    await expect(uploadBlob(session, blob().node)).rejects.toSatisfy((error) =>
      errorText(error).includes('503'),
    );
    expect(clock.waits.length - before).toBe(9);
  });

  it('waits once for another registry that the content is read from, and then fails', async () => {
    const { session, clock, methods } = await registryOf();
    const other = await registryOf();
    await other.registry.close();
    const from = { ...other.session, retrier: testRetrier(clock, 'in', recordedLog(clock)) };
    await from.retrier.exchange(async () => undefined);
    const node: ContentNode = { ...blob().node, open: () => openBlob(from, blob().node.descriptor) };
    const start = clock.now();
    await expect(uploadBlob(session, node)).rejects.toSatisfy((error) =>
      errorText(error).includes('ECONNREFUSED'),
    );
    expect((clock.now() - start) / 1000).toBeLessThanOrEqual(90);
    expect(methods()).toEqual(['POST']);
  });

  it('fails without a retry when the content cannot be read', async () => {
    const { session, methods } = await registryOf();
    const node: ContentNode = {
      ...blob().node,
      open: async () => {
        throw new Error('the file is gone');
      },
    };
    await expect(uploadBlob(session, node)).rejects.toSatisfy((error) =>
      errorText(error).includes('the file is gone'),
    );
    expect(methods()).toEqual(['POST']);
  });
});

describe('an aborted upload', () => {
  it.each(['PATCH', 'PUT'])('cancels its session when it is aborted within %s', async (method) => {
    const { registry, session, methods } = await registryOf([
      { method, fault: { kind: 'hold', until: new Promise(() => {}) } },
    ]);
    const controller = new AbortController();
    const uploading = uploadBlob(session, blob().node, { signal: controller.signal });
    const reason = new Error('aborted');
    void registry.journal.arrived({ method }).then(() => controller.abort(reason));
    await expect(uploading).rejects.toThrow('aborted');
    expect(methods().at(-1)).toBe('DELETE');
    expect(registry.openUploads).toBe(0);
  });

  it('cancels a session that the registry opens after the abort', async () => {
    const opened = Promise.withResolvers<void>();
    const { registry, session, methods } = await registryOf([
      { method: 'POST', fault: { kind: 'hold', until: opened.promise } },
    ]);
    const controller = new AbortController();
    const uploading = uploadBlob(session, blob().node, { signal: controller.signal });
    void registry.journal.arrived({ method: 'POST' }).then(() => {
      controller.abort(new Error('aborted'));
      opened.resolve();
    });
    await expect(uploading).rejects.toThrow('aborted');
    expect(methods()).toEqual(['POST', 'DELETE']);
    expect(registry.openUploads).toBe(0);
  });

  it('ends soon when the registry does not open a session', async () => {
    const { registry, session, methods } = await registryOf([
      { method: 'POST', fault: { kind: 'hold', until: new Promise(() => {}) } },
    ]);
    const controller = new AbortController();
    const uploading = uploadBlob(session, blob().node, { signal: controller.signal });
    void registry.journal.arrived({ method: 'POST' }).then(() => controller.abort(new Error('aborted')));
    await expect(uploading).rejects.toThrow('aborted');
    expect(methods()).toEqual(['POST']);
  });
});

describe('the location of an upload', () => {
  async function uploadVia(
    location: (request: ReceivedRequest) => string | undefined,
    options: { readonly tls?: KeyPair } = {},
  ) {
    const server = await startRecordingServer({
      ...options,
      answer: (request): Reply => {
        const { method } = request;
        if (request.path === '/v2/') {
          return { status: 200 };
        }
        const to = location(request);
        const status = method === 'PUT' ? 201 : 202;
        return { status, headers: to === undefined ? {} : { location: to } };
      },
    });
    onTestFinished(() => server.close());
    const credentials = { username: 'user', password: 'secret' };
    const session = await openTestSession(`${server.host}/app`, { policy: 'out', credentials });
    return { server, upload: () => uploadBlob(session, blob().node) };
  }

  it('can be relative or absolute, with a query', async () => {
    const { server, upload } = await uploadVia(({ method }) =>
      method === 'POST' ? 'one?b=2&a=1' : '/two?x=%2B#part',
    );
    await upload();
    expect(server.journal.lines.slice(1)).toEqual([
      'POST /v2/app/blobs/uploads/',
      'PATCH /v2/app/blobs/uploads/one',
      'PUT /two',
    ]);
    const { requests } = server.journal;
    expect(requests[2]?.query.toString()).toBe('b=2&a=1');
    expect(requests[3]?.query.toString()).toBe(new URLSearchParams({ digest, x: '+' }).toString());
  });

  it('can be on another host, which gets no credentials', async () => {
    const other = await startRecordingServer({
      answer: ({ method }) => ({ status: method === 'PUT' ? 201 : 202, headers: { location: '/close' } }),
    });
    onTestFinished(() => other.close());
    const { server, upload } = await uploadVia(() => `http://${other.otherHost}/open?signature=x`);
    await upload();
    expect(server.journal.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
    expect(other.journal.requests.map(({ method, authorized }) => [method, authorized])).toEqual([
      ['PATCH', false],
      ['PUT', false],
    ]);
  });

  it.each(['http://169.254.169.254/x', 'http://127.0.0.1:1/x', '//10.0.0.1/x'])(
    'cannot be the private address %s',
    async (location) => {
      const { server, upload } = await uploadVia(() => location);
      await expect(upload()).rejects.toThrow('refused to upload to the private address');
      expect(server.journal.requests).toHaveLength(2);
    },
  );

  it('keeps https when the registry names its own host with http', async () => {
    const { server, upload } = await uploadVia(({ headers, method }) => `http://${headers.host}/${method}`, {
      tls: serverKeys.trusted,
    });
    await upload();
    expect(server.journal.lines.slice(1)).toEqual([
      'POST /v2/app/blobs/uploads/',
      'PATCH /POST',
      'PUT /PATCH',
    ]);
    expect(server.journal.requests.slice(1).map(({ authorized }) => authorized)).toEqual([true, true, true]);
  });

  it('cannot be on another host over http when the registry is reached over https', async () => {
    const other = await startRecordingServer({ answer: () => ({ status: 202 }) });
    onTestFinished(() => other.close());
    const { upload } = await uploadVia(() => `http://${other.otherHost}/open`, { tls: serverKeys.trusted });
    await expect(upload()).rejects.toThrow('refused to continue over http');
    expect(other.journal.requests).toHaveLength(0);
  });

  it('is required', async () => {
    await expect((await uploadVia(() => undefined)).upload()).rejects.toThrow('has no Location header');
    const { upload } = await uploadVia(({ method }) => (method === 'POST' ? '/one' : undefined));
    await expect(upload()).rejects.toThrow('PATCH http');
  });

  it('must be http or https', async () => {
    await expect((await uploadVia(() => 'file:///etc/passwd')).upload()).rejects.toThrow(
      'the Location of the response is not an http or https URL: "file:///etc/passwd"',
    );
  });
});

it('an upload fails with the error of the registry when the digest does not match', async () => {
  const { session } = await registryOf();
  const wrong = {
    ...blob().node,
    descriptor: { mediaType: 'x', size: content.length, digest: digestOf(Buffer.from('x')) },
  };
  await expect(uploadBlob(session, wrong)).rejects.toThrow('DIGEST_INVALID');
});
