// The selection of the image for a platform, through indexes, verified at every step.
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorHint, errorText } from '../../src/errors.ts';
import { readConfig, remoteImage, selectImage } from '../../src/get/remote-image.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { getManifest } from '../../src/registry/manifest-endpoint.ts';
import { repositoryReader } from '../../src/registry/repository-reader.ts';
import {
  attestationOf,
  buildImage,
  buildIndex,
  descriptorOf,
  emptyImage,
  type Image,
  jsonDocument,
  type Root,
  seed,
} from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';
import { openTestSession, recordedLog } from '../support/test-session.ts';

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

async function registryWith(root: Root) {
  const registry = await startRegistry();
  onTestFinished(() => registry.close());
  seed(registry, 'app', 'latest', root);
  const session = await openTestSession(`${registry.host}/app`);
  const log = recordedLog();
  const find = async (platform = amd64) => {
    const image = remoteImage(repositoryReader(session), await getManifest(session, 'latest'));
    const { node, manifest } = await selectImage(image, platform, log);
    const config = (described = manifest.config) => readConfig(image, described);
    return { node, manifest, config, bytes: async () => (await image.documents.document(node)).bytes };
  };
  return { registry, log, find };
}

function imageFor(
  platform: { os: string; architecture: string; variant?: string },
  text = '',
): Promise<Image> {
  return buildImage({ platform, run: { Env: [`TEXT=${text}`] } });
}

describe('the selection of an image', () => {
  it('takes the image itself, whatever its platform', async () => {
    const image = await imageFor(arm64);
    const { find, registry } = await registryWith(image);
    const found = await find();
    expect(found.manifest.config.digest).toBe(image.config.digest);
    expect((await found.config()).env).toEqual(['TEXT=']);
    expect(registry.journal.lines.slice(1)).toEqual([
      'GET /v2/app/manifests/latest',
      `GET /v2/app/blobs/${image.config.digest}`,
    ]);
  });

  it('reads an image of an unknown media type, with a warning', async () => {
    const { config, ...others } = emptyImage();
    const manifest = jsonDocument('text/plain', { config: descriptorOf(config) });
    const image = { ...others, ...manifest, config };
    const { find, log } = await registryWith(image);
    expect((await find()).manifest.config.digest).toBe(image.config.digest);
    expect(log.text).toContain('unknown media type "text/plain"');
  });

  it.each(['application/vnd.docker.distribution.manifest.v1+json', mediaTypes.dockerManifestSchema1Signed])(
    'refuses schema 1: %s',
    async (mediaType) => {
      const { find } = await registryWith({ ...emptyImage(), mediaType });
      await expect(find()).rejects.toThrow('is a Docker schema 1 manifest');
    },
  );

  it('refuses a config with other bytes', async () => {
    const image = await imageFor(amd64);
    const { find, registry } = await registryWith(image);
    registry.faults.add({ path: /blobs/, fault: { kind: 'flip' } });
    await expect((await find()).config()).rejects.toThrow('digest mismatch');
  });

  it('refuses a config that is too large before it is requested', async () => {
    const image = await imageFor(amd64);
    const { find, registry } = await registryWith(image);
    const { manifest, config: read } = await find();
    const config = { ...manifest.config, size: 33 * 1024 * 1024 };
    await expect(read(config)).rejects.toThrow('is too large: 34603008 bytes');
    expect(registry.journal.select({ path: /blobs/ })).toEqual([]);
  });
});

describe('the selection from an index', () => {
  it.each(['oci', 'docker'] as const)(
    'takes the entry of the platform, requested with its media type (%s)',
    async (format) => {
      const [first, second] = [await imageFor(amd64), await imageFor(arm64)];
      const { find, registry } = await registryWith(
        buildIndex([await attestationOf(first), first, second], { format }),
      );
      const { node, manifest, bytes } = await find(arm64);
      expect(manifest.config.digest).toBe(second.config.digest);
      expect([node.descriptor.digest, Buffer.from(await bytes())]).toEqual([second.digest, second.bytes]);
      const last = registry.requests.at(-1);
      expect(last?.path).toBe(`/v2/app/manifests/${second.digest}`);
      expect(last?.headers.accept).toBe(mediaTypes.ociManifest);
    },
  );

  it('takes the first of several entries, whatever their variants', async () => {
    const v6 = await imageFor({ os: 'linux', architecture: 'arm', variant: 'v6' });
    const v7 = await imageFor({ os: 'linux', architecture: 'arm', variant: 'v7' });
    const { find } = await registryWith(buildIndex([v7, v6]));
    expect((await find({ os: 'linux', architecture: 'arm' })).manifest.config.digest).toBe(v7.config.digest);
  });

  it('treats an entry without a platform as linux/amd64', async () => {
    const image = { ...(await imageFor(arm64)), entry: {} };
    const { find } = await registryWith(buildIndex([image]));
    expect((await find(amd64)).manifest.config.digest).toBe(image.config.digest);
    await expect(find(arm64)).rejects.toThrow('no child with platform linux/arm64');
  });

  it('lists the platforms of the index when the wanted one is missing', async () => {
    const image = await imageFor(arm64);
    const { find } = await registryWith(buildIndex([image, await attestationOf(image)]));
    const error = await find({ os: 'linux', architecture: 'arm64/v8' }).catch((caught: unknown) => caught);
    expect(errorText(error)).toMatch(
      /no child with platform linux\/arm64\/v8 in index sha256:[0-9a-f]{64}; it has: linux\/arm64$/,
    );
    expect(errorHint(error)).toContain('set platform (os, architecture');
  });

  it('fails for an empty index', async () => {
    const { find } = await registryWith(buildIndex([]));
    await expect(find()).rejects.toThrow('it has: none');
  });

  it('follows an index in an index', async () => {
    const image = await imageFor(amd64);
    const { find } = await registryWith(buildIndex([buildIndex([await imageFor(arm64), image])]));
    expect((await find()).manifest.config.digest).toBe(image.config.digest);
  });

  it('fails for indexes nested more than 8 deep', async () => {
    let root: Root = await imageFor(amd64);
    for (let depth = 0; depth < 9; depth++) {
      root = buildIndex([root]);
    }
    const { find, registry } = await registryWith(root);
    await expect(find()).rejects.toThrow('more than 8 levels deep');
    expect(registry.journal.select({ path: /manifests/ }).length).toBeLessThan(10);
  });

  it('refuses a child whose type is not that of its entry', async () => {
    const image = await imageFor(amd64);
    const entry = { ...descriptorOf(image, { platform: amd64 }), mediaType: mediaTypes.ociIndex };
    const index = jsonDocument(mediaTypes.ociIndex, { schemaVersion: 2, manifests: [entry] });
    const { find, registry } = await registryWith({
      ...index,
      children: [{ ...image, mediaType: mediaTypes.ociIndex }],
    });
    registry.faults.add({
      path: /manifests\/sha256/,
      fault: { kind: 'headers', headers: { 'content-type': mediaTypes.ociManifest } },
    });
    await expect(find()).rejects.toThrow(/index sha256:\w+ has the media type of an image/);
  });

  it('refuses a child with other bytes', async () => {
    const { find, registry } = await registryWith(buildIndex([await imageFor(amd64)]));
    registry.faults.add({ path: /manifests\/sha256/, fault: { kind: 'flip' } });
    await expect(find()).rejects.toThrow('does not match requested digest');
  });

  it('sends no request for an embedded child', async () => {
    const image = await imageFor(amd64);
    const entry = descriptorOf(image, { platform: amd64, data: image.bytes.toString('base64') });
    const index = jsonDocument(mediaTypes.ociIndex, {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [entry],
    });
    const { find, registry } = await registryWith({ ...index, children: [] });
    expect((await find()).manifest.config.digest).toBe(image.config.digest);
    expect(registry.journal.select({ path: /manifests/ })).toHaveLength(1);
  });
});
