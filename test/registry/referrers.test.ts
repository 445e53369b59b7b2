// The fallback tag of referrers on registries without the referrers API.
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestHex, digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { deleteManifest } from '../../src/registry/manifest-changes.ts';
import { createReferrerRecorder } from '../../src/registry/referrers.ts';
import { buildImage, descriptorOf, seed } from '../support/images.ts';
import { type RegistryOptions, startRegistry } from '../support/registry.ts';
import { openTestSession } from '../support/test-session.ts';

const subject = digestOf(Buffer.from('subject'));
const tag = `sha256-${digestHex(subject)}`;

async function registryOf(options: RegistryOptions = {}) {
  const registry = await startRegistry(options);
  onTestFinished(() => registry.close());
  const session = await openTestSession(`${registry.host}/app`, { actions: 'push,pull', policy: 'out' });
  const recorder = createReferrerRecorder(session);
  const push = async (text: string) => {
    const annotations = { text };
    const image = await buildImage({
      annotations,
      manifest: { subject: { mediaType: 'x', size: 7, digest: subject } },
    });
    seed(registry, 'app', undefined, image);
    await recorder.record(descriptorOf(image), image.bytes);
    return { ...descriptorOf(image), annotations, artifactType: image.config.mediaType };
  };
  const listed = () => {
    const bytes = registry.manifest('app', tag)?.bytes;
    return bytes && JSON.parse(bytes.toString());
  };
  return { registry, session, push, listed };
}

describe('the recording of a referrer', () => {
  it('does nothing on a registry with the referrers API', async () => {
    const { registry, push } = await registryOf({ referrers: true });
    await push('one');
    expect(registry.journal.lines).toEqual(['GET /v2/', `GET /v2/app/referrers/${subject}`]);
  });

  it('adds it to the index under the tag of its subject', async () => {
    const { registry, push, listed } = await registryOf();
    const pushed = await Promise.all(['one', 'two', 'three'].map(push));
    expect(listed()).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: pushed.sort((a, b) => (a.digest < b.digest ? -1 : 1)),
    });
    expect(registry.manifest('app', tag)?.mediaType).toBe(mediaTypes.ociIndex);
  });

  it('does not write the index when it lists the referrer already', async () => {
    const { registry, push } = await registryOf();
    await push('one');
    await push('one');
    expect(registry.journal.select({ method: 'PUT' })).toHaveLength(1);
  });

  it.each([400, 404])('uses the fallback tag when the referrers API responds %i', async (status) => {
    const { registry, push, listed } = await registryOf({ referrers: true });
    registry.faults.add({ path: /referrers/, fault: { kind: 'status', status } });
    await push('one');
    expect(listed().manifests).toHaveLength(1);
  });

  it('makes up for an index that a copy which was cut has left out', async () => {
    const { registry, session, listed } = await registryOf();
    const image = await buildImage({ manifest: { subject: { mediaType: 'x', size: 7, digest: subject } } });
    seed(registry, 'app', undefined, image);
    const recorder = createReferrerRecorder(session);
    await recorder.recordHeld(descriptorOf(image), async () => image.bytes);
    expect(listed().manifests).toMatchObject([{ digest: image.digest }]);
    await recorder.recordHeld(descriptorOf(image), async () => image.bytes);
    expect(registry.journal.select({ method: 'PUT' })).toHaveLength(1);
  });

  it('does not read what a registry holds that has the referrers API', async () => {
    const { push, session } = await registryOf({ referrers: true });
    await push('one');
    const image = await buildImage({ manifest: { subject: { mediaType: 'x', size: 7, digest: subject } } });
    const recorder = createReferrerRecorder(session);
    await recorder.record(descriptorOf(image), image.bytes);
    await recorder.recordHeld(descriptorOf(image), () => Promise.reject(new Error('read')));
  });

  it('does nothing for a manifest without a subject', async () => {
    const { registry, session } = await registryOf();
    const image = await buildImage();
    await createReferrerRecorder(session).record(descriptorOf(image), image.bytes);
    expect(registry.journal.lines).toEqual(['GET /v2/']);
  });

  it('fails and overwrites nothing when another tool has an image under the tag', async () => {
    const { registry, push } = await registryOf();
    const image = await buildImage();
    seed(registry, 'app', tag, image);
    await expect(push('one')).rejects.toThrow(`the tag ${tag} of ${registry.host}/app is on ${image.digest}`);
    expect(registry.manifest('app', tag)?.digest).toBe(image.digest);
  });

  it('leaves out of the index what was deleted since, where a registry refuses it', async () => {
    const { registry, session, push, listed } = await registryOf();
    const kept = await push('one');
    const deleted = await push('two');
    await deleteManifest(session, deleted.digest);
    const added = await push('three');
    expect(listed().manifests).toEqual([kept, added].sort((a, b) => (a.digest < b.digest ? -1 : 1)));
    const { method, path } = registry.requests.at(-1) ?? {};
    expect([method, path]).toEqual(['PUT', `/v2/app/manifests/${tag}`]);
  });

  it('fails, and leaves nothing out, when the registry refuses the index for another reason', async () => {
    const { registry, push, listed } = await registryOf();
    const kept = await push('one');
    registry.faults.add({
      method: 'PUT',
      path: `/v2/app/manifests/${tag}`,
      fault: { kind: 'status', status: 400 },
    });
    await expect(push('two')).rejects.toThrow('400');
    expect(listed().manifests).toEqual([kept]);
  });

  it('fails and overwrites nothing when the index cannot be read', async () => {
    const { registry, push } = await registryOf();
    registry.faults.add({ path: `/v2/app/manifests/${tag}`, fault: { kind: 'status', status: 403 } });
    await expect(push('one')).rejects.toThrow('403');
    expect(registry.journal.select({ method: 'PUT' })).toEqual([]);
  });
});
