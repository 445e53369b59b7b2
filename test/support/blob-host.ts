// A fake object store with pre-signed URLs: the other host to which registries redirect the download of blobs.
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { KeyPair } from './certificates.ts';
import type { FaultRule } from './fault.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { blobReply } from './registry-reads.ts';

/** A running blob host. Like object stores, it responds 400 to a request with an `Authorization` header. */
export interface BlobHost extends RecordingServer {
  /** Stores a blob and returns its URL, which names the host `localhost`. */
  put(content: Uint8Array | string): string;
  /** The URL of a blob. It names `localhost`, so a redirect from 127.0.0.1 to it goes to another host. */
  locationOf(digest: string): string;
}

/** Starts a blob host on a free port of 127.0.0.1. */
export async function startBlobHost(
  options: { readonly tls?: Pick<KeyPair, 'key' | 'cert'>; readonly faults?: readonly FaultRule[] } = {},
): Promise<BlobHost> {
  const blobs = new Map<string, Buffer>();
  const server = await startRecordingServer({
    ...options,
    answer: (request) => {
      const digest = request.path.slice('/blobs/'.length);
      const body = blobs.get(digest);
      if (request.authorized || request.query.get('signature') !== 'test') {
        return { status: 400, body: 'the URL must be signed, and the request must have no Authorization' };
      }
      return body ? blobReply(body, digest, request.headers.range) : { status: 404, body: 'no such blob' };
    },
  });
  const locationOf = (digest: string) =>
    `${server.scheme}://${server.otherHost}/blobs/${digest}?signature=test`;
  const put = (content: Uint8Array | string) => {
    const bytes = Buffer.from(content);
    const digest: Digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return locationOf(digest);
  };
  return Object.assign(Object.create(server) as RecordingServer, { put, locationOf });
}
