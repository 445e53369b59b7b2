// HEAD requests that a registry redirects to a storage, which refuses them: a signed URL is valid for one method.
import { describe, expect, it, onTestFinished } from 'vitest';
import { seed } from '../support/images.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { checkStep, putStep } from '../support/steps.ts';
import { staticImage } from '../support/test-images.ts';

const name = 'team/app';

/** A registry that redirects HEAD requests to a storage, which refuses all of them. */
async function redirectingRegistry(status: number) {
  const storage = await startRecordingServer({ answer: () => ({ status }) });
  onTestFinished(() => storage.close());
  const registry = await registryForTest({});
  const to = `http://${storage.otherHost}/object`;
  registry.faults.add({ method: 'HEAD', fault: { kind: 'redirect', to } });
  return { storage, registry };
}

describe.each([400, 401, 403, 404, 405, 501])('a storage that answers %i to a redirected HEAD', (status) => {
  it('does not hide a tag from a check', async () => {
    const { storage, registry } = await redirectingRegistry(status);
    const image = await staticImage();
    seed(registry, name, '1.0', image);
    const { versions, stderr } = await checkStep(`${registry.host}/${name}`, { tag: '1.0' });
    expect(versions, stderr).toEqual([{ tag: '1.0', digest: image.digest }]);
    expect(storage.journal.lines).toContain('HEAD /object');
  });

  it('does not keep a put from pushing blobs and tags', async () => {
    const { storage, registry } = await redirectingRegistry(status);
    const { version, stderr } = await putStep(`${registry.host}/${name}`, {}, { source: { tag: '1.0' } });
    expect(version, stderr).toEqual({ tag: '1.0', digest: registry.manifest(name, '1.0')?.digest });
    expect(storage.journal.lines).toContain('HEAD /object');
  });
});
