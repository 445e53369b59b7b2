// Pushes images to a registry over its API with plain requests, without the code under test.
import { digestOf } from '../../src/oci/digest.ts';
import { isIndex, type Root } from './images.ts';
import { plainRequest } from './plain-client.ts';
import type { SeedTarget } from './registry.ts';

/** Pushes an image or an index with everything below it; without a tag by its digest. Throws what the registry said. */
export async function pushImage(
  { url }: { readonly url: string },
  name: string,
  root: Root,
  tag?: string,
): Promise<void> {
  const blobs = isIndex(root) ? [] : [root.config, ...root.layers];
  for (const child of isIndex(root) ? root.children : []) {
    await pushImage({ url }, name, child);
  }
  for (const { bytes } of blobs) {
    await pushBlob({ url }, name, bytes);
  }
  await expectCreated(`${url}/v2/${name}/manifests/${tag ?? root.digest}`, root.bytes, root.mediaType);
}

/** Pushes to a real registry what `fill` puts into a registry of tests. */
export async function pushSeeded(
  { url }: { readonly url: string },
  fill: (target: SeedTarget) => void,
): Promise<void> {
  const pushes: (() => Promise<void>)[] = [];
  fill({
    putBlob(repository, content) {
      const bytes = Buffer.from(content);
      pushes.push(() => pushBlob({ url }, repository, bytes));
      return digestOf(bytes);
    },
    putManifest(repository, tag, mediaType, content) {
      const bytes = Buffer.from(content);
      const digest = digestOf(bytes);
      pushes.push(() =>
        expectCreated(`${url}/v2/${repository}/manifests/${tag ?? digest}`, bytes, mediaType),
      );
      return digest;
    },
  });
  for (const push of pushes) {
    await push();
  }
}

async function pushBlob({ url }: { readonly url: string }, name: string, bytes: Buffer): Promise<void> {
  const { headers } = await plainRequest(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST' });
  const upload = new URL(headers.location ?? '', url);
  upload.searchParams.set('digest', digestOf(bytes));
  await expectCreated(upload.href, bytes, 'application/octet-stream');
}

async function expectCreated(target: string, body: Uint8Array, mediaType: string): Promise<void> {
  const answer = await plainRequest(target, { method: 'PUT', body, headers: { 'content-type': mediaType } });
  if (answer.status !== 201) {
    throw new Error(`PUT ${target}: ${answer.status} ${answer.body}`);
  }
}
