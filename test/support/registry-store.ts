// What a test registry holds: repositories of blobs, manifests and tags, in memory.
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { bytesOf } from './reply.ts';

/** A manifest as it was put: bytes and media type are never changed. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** One repository. */
export interface StoredRepository {
  readonly blobs: Map<Digest, Buffer>;
  readonly manifests: Map<Digest, StoredManifest>;
  /** In the order in which the tags were made. */
  readonly tags: Map<string, Digest>;
}

/** All repositories of a registry. */
export class RegistryStore {
  readonly #repositories = new Map<string, StoredRepository>();

  /** The repository of this name, if anything was ever put into it. */
  find(name: string): StoredRepository | undefined {
    return this.#repositories.get(name);
  }

  /** The repository of this name, made when there is none. */
  open(name: string): StoredRepository {
    const found = this.#repositories.get(name);
    if (found) {
      return found;
    }
    const made = { blobs: new Map(), manifests: new Map(), tags: new Map() };
    this.#repositories.set(name, made);
    return made;
  }

  /** Stores a blob and gives its digest. */
  putBlob(name: string, content: Uint8Array | string): Digest {
    const bytes = bytesOf(content);
    const digest = digestOf(bytes);
    this.open(name).blobs.set(digest, bytes);
    return digest;
  }

  /** Stores a manifest, under a tag when there is one, and gives its digest. Nothing is checked. */
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
