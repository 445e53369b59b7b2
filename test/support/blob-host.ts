// The other host to which registries send their clients for blobs: a store of pre-signed URLs.
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { KeyPair } from './certificates.ts';
import type { FaultRule } from './fault.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { blobReply } from './registry-reads.ts';

/** A host of blobs that runs. Like object stores, it answers 400 to a request with an `Authorization` header. */
export interface BlobHost extends RecordingServer {
  /** Stores bytes and gives the URL of the blob, by the name `localhost`. */
  put(content: Uint8Array | string): string;
  /** The URL of a blob, by the name `localhost`. A redirect there goes to another host than 127.0.0.1. */
  locationOf(digest: string): string;
}

/** Starts a host of blobs on a free port of 127.0.0.1. */
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
        return { status: 400, body: 'the URL must be signed, and nothing else' };
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
