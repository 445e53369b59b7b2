// Foreign layers: from which URLs they are downloaded, and that no credentials are sent there.
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { openLayer, requireForeignUrl } from '../../src/registry/layer-download.ts';
import { startBlobHost } from '../support/blob-host.ts';
import { serverKeys } from '../support/certificates.ts';
import { startRegistry } from '../support/registry.ts';
import { openTestSession } from '../support/test-session.ts';

const content = Buffer.from('a layer');
const layerAt = (...urls: readonly string[]): Descriptor => ({
  mediaType: mediaTypes.dockerForeignLayer,
  size: content.length,
  digest: digestOf(content),
  urls,
});
const credentials = { username: 'user', password: 'secret' };
const auth = { kind: 'basic', user: 'user', password: 'secret' } as const;

describe('openLayer', () => {
  it('downloads a foreign layer from the registry when it is there', async () => {
    await using registry = await startRegistry({ auth });
    await using host = await startBlobHost();
    registry.putBlob('app', content);
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    expect(await buffer(await openLayer(session, layerAt(host.put(content))))).toEqual(content);
    expect(host.journal.requests).toEqual([]);
  });

  it('tries the URLs of a foreign layer in turn, without credentials', async () => {
    await using registry = await startRegistry({ auth });
    await using host = await startBlobHost();
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    const missing = host.locationOf(digestOf('other'));
    expect(await buffer(await openLayer(session, layerAt(missing, host.put(content))))).toEqual(content);
    expect(host.journal.requests.map(({ authorized }) => authorized)).toEqual([false, false]);
  });

  it('sends no credentials to a URL on the registry itself', async () => {
    await using registry = await startRegistry({ auth });
    registry.putBlob('private', content);
    const name = `localhost:${registry.port}`;
    const session = await openTestSession(`${name}/app`, { credentials });
    const url = `http://${name}/v2/private/blobs/${digestOf(content)}`;
    await expect(openLayer(session, layerAt(url))).rejects.toThrow('not in the registry, nor where');
    const asked = registry.journal.select({ path: `/v2/private/blobs/${digestOf(content)}` });
    expect(asked.map(({ authorized }) => authorized)).toEqual([false]);
  });

  it('verifies a foreign layer from a URL', async () => {
    await using registry = await startRegistry();
    await using host = await startBlobHost({ faults: [{ fault: { kind: 'flip' } }] });
    const session = await openTestSession(`${registry.host}/app`);
    const stream = await openLayer(session, layerAt(host.put(content)));
    await expect(buffer(stream)).rejects.toThrow('digest mismatch');
  });

  it('does not request a foreign layer over http when the registry is reached over https', async () => {
    await using registry = await startRegistry({ tls: serverKeys.trusted });
    await using host = await startBlobHost();
    const session = await openTestSession(`${registry.host}/app`);
    await expect(openLayer(session, layerAt(host.put(content)))).rejects.toThrow('not an https URL');
    expect(host.journal.requests).toEqual([]);
  });

  it('does not try the URLs when the registry limits the rate', async () => {
    await using registry = await startRegistry();
    await using host = await startBlobHost();
    const session = await openTestSession(`${registry.host}/app`, { policy: 'in' });
    registry.faults.add({ fault: { kind: 'status', status: 429 } });
    await expect(openLayer(session, layerAt(host.put(content)))).rejects.toMatchObject({ status: 429 });
    expect(host.journal.requests).toEqual([]);
  });

  it('fails with the error of the registry when a layer has no URL', async () => {
    await using registry = await startRegistry();
    const session = await openTestSession(`${registry.host}/app`);
    await expect(openLayer(session, layerAt())).rejects.toMatchObject({ status: 404 });
  });
});

describe('the URL of a foreign layer', () => {
  it.each([
    ['http://layers.test/a', 'https://r.test'],
    ['file:///etc/passwd', 'http://r.test'],
    ['ftp://layers.test/a', 'http://r.test'],
    ['/v2/other/blobs/a', 'http://r.test'],
    ['https:///a', 'https://r.test'],
    ['https://127.0.0.1/a', 'https://r.test'],
    ['https://10.1.2.3:8443/a', 'https://r.test'],
    ['https://[::1]/a', 'https://r.test'],
    ['https://169.254.169.254/latest', 'https://r.test'],
    ['http://2130706433/a', 'http://r.test'],
  ])('%s is refused when the registry is %s', (url, origin) => {
    expect(() => requireForeignUrl(url, origin)).toThrow('refused to fetch a layer');
  });

  it.each([
    ['https://layers.test/a?b=c', 'https://r.test'],
    ['http://layers.test/a', 'http://r.test'],
    ['https://8.8.8.8/a', 'https://r.test'],
  ])('%s is allowed when the registry is %s', (url, origin) => {
    expect(() => requireForeignUrl(url, origin)).not.toThrow();
  });
});
