// The storage of a test registry: repositories of blobs, manifests and tags, in memory.
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { bytesOf } from './reply.ts';

/** A manifest as it was put: its bytes and media type never change. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** One repository. */
export interface StoredRepository {
  readonly blobs: Map<Digest, Buffer>;
  readonly manifests: Map<Digest, StoredManifest>;
  /** In the order in which the tags were created. */
  readonly tags: Map<string, Digest>;
}

/** All repositories of a registry. */
export class RegistryStore {
  readonly #repositories = new Map<string, StoredRepository>();

  /** The repository of this name, if there is one. */
  find(name: string): StoredRepository | undefined {
    return this.#repositories.get(name);
  }

  /** The repository of this name, created when there is none. */
  open(name: string): StoredRepository {
    const found = this.#repositories.get(name);
    if (found) {
      return found;
    }
    const created = { blobs: new Map(), manifests: new Map(), tags: new Map() };
    this.#repositories.set(name, created);
    return created;
  }

  /** Stores a blob and returns its digest. */
  putBlob(name: string, content: Uint8Array | string): Digest {
    const bytes = bytesOf(content);
    const digest = digestOf(bytes);
    this.open(name).blobs.set(digest, bytes);
    return digest;
  }

  /** Stores a manifest without checks, tags it if `tag` is defined, and returns its digest. */
  putManifest(
    name: string,
    tag: string | undefined,
    mediaType: string,
    content: Uint8Array | string,
  ): Digest {
    const bytes = bytesOf(content);
    const digest = digestOf(bytes);
    const repository = this.open(name);
    repository.manifests.set(digest, { digest, mediaType, bytes });
    if (tag !== undefined) {
      repository.tags.set(tag, digest);
    }
    return digest;
  }

  /** The manifest under a tag or digest. */
  manifest(name: string, reference: string): StoredManifest | undefined {
    const repository = this.find(name);
    const digest = repository?.tags.get(reference) ?? reference;
    return repository?.manifests.get(digest as Digest);
  }
}
