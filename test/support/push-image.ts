// Pushes images to a registry over its API with plain requests, without the code under test.
import { isIndex, type Root } from './images.ts';
import { plainRequest } from './plain-client.ts';

/** Pushes an image or an index with everything below it; without a tag by its digest. Throws what the registry said. */
export async function pushImage(
  { url }: { readonly url: string },
  name: string,
  root: Root,
  tag?: string,
): Promise<void> {
  const repository = `${url}/v2/${name}`;
  const blobs = isIndex(root) ? [] : [root.config, ...root.layers];
  for (const child of isIndex(root) ? root.children : []) {
    await pushImage({ url }, name, child);
  }
  for (const { digest, bytes } of blobs) {
    const { headers } = await plainRequest(`${repository}/blobs/uploads/`, { method: 'POST' });
    const upload = new URL(headers.location ?? '', url);
    upload.searchParams.set('digest', digest);
    await expectCreated(upload.href, bytes, 'application/octet-stream');
  }
  await expectCreated(`${repository}/manifests/${tag ?? root.digest}`, root.bytes, root.mediaType);
}

async function expectCreated(target: string, body: Uint8Array, mediaType: string): Promise<void> {
  const answer = await plainRequest(target, { method: 'PUT', body, headers: { 'content-type': mediaType } });
  if (answer.status !== 201) {
    throw new Error(`PUT ${target}: ${answer.status} ${answer.body}`);
  }
}
