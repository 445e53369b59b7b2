// The write endpoints of a test registry: uploads in one piece or in chunks, mounts, manifests, deletion.
import { randomUUID } from 'node:crypto';
import { type Digest, digestOf, isDigest } from '../../src/oci/digest.ts';
import { isForeignLayerType, isIndexType, isManifestType } from '../../src/oci/media-type.ts';
import type { ReceivedRequest } from './exchange.ts';
import type { RegistryStore, StoredRepository } from './registry-store.ts';
import { errorReply, type Reply } from './reply.ts';

interface Upload {
  readonly repository: string;
  readonly chunks: Buffer[];
  size: number;
  /** Changes with every chunk: only the newest location is valid. */
  state: string;
}

const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const manifestLimit = 4 << 20;

/** The open uploads of a registry. */
export class Uploads {
  readonly #uploads = new Map<string, Upload>();
  readonly #store: RegistryStore;
  /** Scheme and host before the path of a location; empty for relative locations. */
  base = '';

  constructor(store: RegistryStore) {
    this.#store = store;
  }

  /** How many uploads were started and not finished. */
  get open(): number {
    return this.#uploads.size;
  }

  /** `POST …/blobs/uploads/`: starts an upload, stores a whole blob (`digest`), or mounts one (`mount`, `from`). */
  start(name: string, request: ReceivedRequest): Reply {
    const mount = request.query.get('mount');
    const from = request.query.get('from');
    const mounted = mount !== null && from !== null && this.#store.find(from)?.blobs.get(mount as Digest);
    if (mounted) {
      return this.#stored(name, this.#store.putBlob(name, mounted));
    }
    const upload: Upload = { repository: name, chunks: [], size: 0, state: randomUUID() };
    const id = randomUUID();
    this.#store.open(name);
    this.#uploads.set(id, upload);
    return request.query.has('digest') ? this.#commit(id, upload, request) : this.#progress(202, id, upload);
  }

  /** The requests below `…/blobs/uploads/<id>`. */
  handle(name: string, id: string, request: ReceivedRequest): Reply {
    const upload = this.#uploads.get(id);
    if (!upload || upload.repository !== name) {
      return errorReply(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    }
    if (request.method === 'GET' || request.method === 'HEAD') {
      return this.#progress(204, id, upload);
    }
    if (request.method === 'DELETE') {
      this.#uploads.delete(id);
      return { status: 204 };
    }
    if (request.query.get('_state') !== upload.state) {
      return errorReply(400, 'BLOB_UPLOAD_INVALID', 'this is not the newest location of the upload');
    }
    const range = request.headers['content-range'];
    if (range !== undefined && range !== `${upload.size}-${upload.size + request.body.length - 1}`) {
      return { status: 416, headers: { range: rangeOf(upload) } };
    }
    if (request.method === 'PUT') {
      return this.#commit(id, upload, request);
    }
    this.#append(upload, request.body);
    return this.#progress(202, id, upload);
  }

  #append(upload: Upload, chunk: Buffer): void {
    if (chunk.length > 0) {
      upload.chunks.push(chunk);
    }
    upload.size += chunk.length;
    upload.state = randomUUID();
  }

  #commit(id: string, upload: Upload, request: ReceivedRequest): Reply {
    const digest = request.query.get('digest');
    if (!isDigest(digest)) {
      return errorReply(400, 'DIGEST_INVALID', `the digest is missing or not well formed: ${digest}`);
    }
    this.#append(upload, request.body);
    this.#uploads.delete(id);
    const [first] = upload.chunks;
    // Blobs may be large: one that was sent in one piece is not copied.
    const bytes = first && upload.chunks.length === 1 ? first : Buffer.concat(upload.chunks);
    if (digestOf(bytes) !== digest) {
      return errorReply(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    }
    return this.#stored(upload.repository, this.#store.putBlob(upload.repository, bytes));
  }

  #progress(status: number, id: string, upload: Upload): Reply {
    const location = `${this.base}/v2/${upload.repository}/blobs/uploads/${id}?_state=${upload.state}`;
    return { status, headers: { location, range: rangeOf(upload), 'docker-upload-uuid': id } };
  }

  #stored(name: string, digest: Digest): Reply {
    const location = `${this.base}/v2/${name}/blobs/${digest}`;
    return { status: 201, headers: { location, 'docker-content-digest': digest } };
  }
}

/** `PUT` of a manifest: all content that it points at must exist, and its type must equal the `Content-Type`. */
export function putManifest(
  store: RegistryStore,
  name: string,
  reference: string,
  request: ReceivedRequest,
  options: { readonly referrers: boolean },
): Reply {
  const mediaType = request.headers['content-type'] ?? '';
  const { body } = request;
  if (body.length > manifestLimit) {
    return errorReply(413, 'SIZE_INVALID', 'the manifest is larger than 4 MiB');
  }
  if (!isDigest(reference) && !tagPattern.test(reference)) {
    return errorReply(400, 'TAG_INVALID', 'manifest tag did not match URI');
  }
  if (isDigest(reference) && digestOf(body) !== reference) {
    return errorReply(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  const document = parse(body);
  if (!document || !(isManifestType(mediaType) || isIndexType(mediaType))) {
    return errorReply(400, 'MANIFEST_INVALID', `not a manifest of type ${JSON.stringify(mediaType)}`);
  }
  if (document.mediaType !== undefined && document.mediaType !== mediaType) {
    return errorReply(400, 'MANIFEST_INVALID', `sent as ${mediaType}, but says ${document.mediaType}`);
  }
  const missing = missingContent(store.open(name), document, isIndexType(mediaType));
  if (missing) {
    return errorReply(400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`);
  }
  const digest = store.putManifest(name, isDigest(reference) ? undefined : reference, mediaType, body);
  const subject = options.referrers ? document.subject?.digest : undefined;
  return {
    status: 201,
    headers: {
      location: `/v2/${name}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(subject ? { 'oci-subject': subject } : {}),
    },
  };
}

/** `DELETE` of a manifest by digest (its tags are removed too) or of a tag alone. */
export function deleteManifest(repository: StoredRepository | undefined, reference: string): Reply {
  const tagged = repository?.tags.delete(reference);
  const removed = repository?.manifests.delete(reference as Digest);
  if (!repository || !(tagged || removed)) {
    return errorReply(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  }
  for (const [tag, digest] of repository.tags) {
    if (digest === reference) {
      repository.tags.delete(tag);
    }
  }
  return { status: 202 };
}

/** `DELETE` of a blob. */
export function deleteBlob(repository: StoredRepository | undefined, digest: string): Reply {
  return repository?.blobs.delete(digest as Digest)
    ? { status: 202 }
    : errorReply(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
}

interface Pointer {
  readonly mediaType?: string;
  readonly digest: Digest;
}

interface Document {
  readonly mediaType?: string;
  readonly config?: Pointer;
  readonly layers?: readonly Pointer[];
  readonly manifests?: readonly Pointer[];
  readonly subject?: Pointer;
}

function parse(body: Buffer): Document | undefined {
  try {
    const document: unknown = JSON.parse(body.toString());
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}

function missingContent(
  repository: StoredRepository,
  document: Document,
  index: boolean,
): Digest | undefined {
  if (index) {
    return document.manifests?.find(({ digest }) => !repository.manifests.has(digest))?.digest;
  }
  const blobs = [...(document.config ? [document.config] : []), ...(document.layers ?? [])];
  return blobs.find(
    ({ digest, mediaType }) => !isForeignLayerType(mediaType ?? '') && !repository.blobs.has(digest),
  )?.digest;
}

function rangeOf({ size }: Upload): string {
  return `0-${Math.max(0, size - 1)}`;
}
