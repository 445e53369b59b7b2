// A registry that is reached over https keeps its https, whatever URLs it names.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authority, intermediateAuthority, serverKeys } from '../support/certificates.ts';
import type { ReceivedRequest } from '../support/exchange.ts';
import { dockerArchive } from '../support/image-files.ts';
import { seed } from '../support/images.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import type { Reply } from '../support/reply.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { staticImage } from '../support/test-images.ts';
import { startTunnelProxy } from '../support/tunnel-proxy.ts';

const secure = { ca_certs: [authority], username: 'user', password: 'hidden-password' };

async function serverForTest(options: Parameters<typeof startRecordingServer>[0]): Promise<RecordingServer> {
  const server = await startRecordingServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** A plain server that must not receive anything, and if it does, no credentials. */
const plainServer = () => serverForTest({ answer: () => ({ status: 200, body: '{"tags":["1.0"]}' }) });

async function putImage(host: string, source: object = {}) {
  const directory = await temporaryDirectory();
  writeFileSync(
    join(directory, 'image.tar'),
    await dockerArchive(await staticImage(), { layout: 'compressed' }),
  );
  return await runExecutable('out', {
    request: {
      source: { repository: `${host}/team/app`, tag: '1.0', ...secure, ...source },
      params: { image: 'image.tar' },
    },
    directory,
  });
}

/** A registry that takes one image and whose uploads continue at the URL of `location`. */
function uploadRegistry(location: (request: ReceivedRequest) => string) {
  return serverForTest({
    tls: serverKeys.trusted,
    answer: (request): Reply => {
      switch (request.path === '/v2/' ? 'ping' : request.method) {
        case 'ping':
          return { status: 200 };
        case 'HEAD':
          return { status: 404 };
        case 'PUT':
          return { status: 201 };
        default:
          return { status: 202, headers: { location: location(request) } };
      }
    },
  });
}

describe('out', () => {
  it('uploads over https when the registry names its own host with http', async () => {
    const registry = await uploadRegistry(({ headers, method }) => `http://${headers.host}/after-${method}`);
    const { status, stderr } = await putImage(registry.host);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(registry.journal.lines).toEqual(
      expect.arrayContaining(['PATCH /after-POST', 'PUT /after-PATCH', 'PUT /v2/team/app/manifests/1.0']),
    );
  });

  it('uploads nothing over http to another host', async () => {
    const plain = await plainServer();
    const registry = await uploadRegistry(() => `http://${plain.otherHost}/up`);
    const { status, stderr } = await putImage(registry.host);
    expect(status).toBe(1);
    expect(stderr).toMatch(/ERRO.*PATCH http:\/\/localhost:\d+\/up: refused to continue over http/);
    expect(stderr).toMatch(/^hint: .*insecure: true/m);
    expect(plain.connections).toBe(0);
  });
});

describe('check', () => {
  it.each([
    ['its intermediate authority', serverKeys.belowIntermediate, intermediateAuthority],
    ['its own certificate', serverKeys.trusted, serverKeys.trusted.cert],
  ])('trusts a registry if ca_certs contain only %s', async (_name, tls, caCert) => {
    const image = await staticImage();
    const registry = await registryForTest({ tls });
    seed(registry, 'team/app', '1.0', image);
    const source = { repository: `${registry.host}/team/app`, tag: '1.0', ca_certs: [caCert] };
    const { status, stdout, stderr } = await runExecutable('check', { request: { source } });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(JSON.parse(stdout)).toEqual([{ tag: '1.0', digest: image.digest }]);
  });

  it('does not trust a certificate of another host, although it is in ca_certs itself', async () => {
    const registry = await registryForTest({ tls: serverKeys.wrongHost });
    const source = { repository: `${registry.host}/team/app`, ca_certs: [serverKeys.wrongHost.cert] };
    const { status, stderr } = await runExecutable('check', { request: { source } });
    expect(status).toBe(1);
    expect(stderr).toContain('the certificate of the server is for another host');
    expect(registry.requests).toEqual([]);
  });

  it.each([
    ['an unknown authority', serverKeys.trusted, serverKeys.selfSigned.cert, 'is not signed by an authority'],
    ['a self-signed certificate', serverKeys.selfSigned, authority, 'is not signed by an authority'],
    ['an expired certificate', serverKeys.expired, serverKeys.expired.cert, 'is not valid at this time'],
  ])('does not trust %s, directly or through a tunnel', async (_name, tls, caCert, message) => {
    const registry = await registryForTest({ tls });
    await using proxy = await startTunnelProxy(Number(registry.host.split(':')[1]));
    for (const [host, environment] of [
      [registry.host, { TEST: 'true' }],
      ['registry.invalid', { TEST: 'true', HTTPS_PROXY: proxy.url }],
    ] as const) {
      const source = { repository: `${host}/team/app`, ca_certs: [caCert] };
      const { status, stdout, stderr } = await runExecutable('check', { request: { source }, environment });
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain(message);
    }
    expect(proxy.targets).toContain('registry.invalid:443');
    expect(registry.requests).toEqual([]);
  });

  it.each(['own host', 'another host'])(
    'sends nothing over http after a ping that redirects to %s',
    async (to) => {
      const plain = await plainServer();
      const registry = await registryForTest({ tls: serverKeys.trusted });
      const location = `http://${to === 'own host' ? registry.host : plain.otherHost}/v2/`;
      registry.faults.add({ path: '/v2/', fault: { kind: 'redirect', to: location } });
      const source = { repository: `${registry.host}/team/app`, ...secure };
      const { status, stderr } = await runExecutable('check', { request: { source } });
      expect(status).toBe(1);
      expect(stderr).toMatch(/ERRO.*GET https:\S+: refused to continue over http at http:/);
      expect(plain.connections).toBe(0);
      expect(registry.requests.every(({ authorized }) => !authorized)).toBe(true);
    },
  );
});

it('in reads a layer by digest over http, without credentials and with one warning', async () => {
  const image = await staticImage();
  const plain = await serverForTest({
    answer: ({ path }) => ({ status: 200, body: registry.blob('team/app', path.slice(1)) ?? '' }),
  });
  const registry = await registryForTest({ tls: serverKeys.trusted });
  seed(registry, 'team/app', '1.0', image);
  registry.faults.add({
    method: 'GET',
    path: /blobs/,
    fault: { kind: 'redirect', to: ({ path }) => `http://${plain.otherHost}/${path.split('/').at(-1)}` },
  });
  const { status, stderr } = await runExecutable('in', {
    request: {
      source: { repository: `${registry.host}/team/app`, ...secure },
      version: { tag: '1.0', digest: image.digest },
    },
    directory: await temporaryDirectory(),
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stderr.match(/WARN.*redirects downloads to http:/g)).toHaveLength(1);
  expect(plain.journal.requests.length).toBeGreaterThan(1);
  expect(plain.journal.requests.every(({ authorized }) => !authorized)).toBe(true);
});
