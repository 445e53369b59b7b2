// What promotion manifests say: images by digest, from one source registry to one or more destinations.
import type { Digest } from '../oci/digest.ts';

/** A place in a file that a user wrote; lines are counted from 1. */
export interface FilePosition {
  readonly file: string;
  readonly line: number;
}

/** A registry of a manifest: `host`, `host:port`, or one of these with a path. */
export interface ManifestRegistry extends FilePosition {
  readonly name: string;
  /** Names an account; used only to choose credentials. */
  readonly serviceAccount?: string;
}

/** One digest of one image, and the tags that it is promoted under; without tags it is promoted by digest. */
export interface ManifestDigest extends FilePosition {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** The lines of the tags, where one of them is not on the line of the digest. */
  readonly tagLines?: readonly number[];
}

/** An image: its name below the source and below each destination, and its digests. Each name occurs once. */
export interface ManifestImage {
  readonly name: string;
  readonly digests: readonly ManifestDigest[];
}

/** One promotion manifest, plain or thin. */
export interface PromotionManifest {
  /** The file with the registries. */
  readonly file: string;
  /** For a thin manifest: the name of its folder below `manifests` and `images`. */
  readonly folder?: string;
  readonly source: ManifestRegistry;
  readonly destinations: readonly ManifestRegistry[];
  readonly images: readonly ManifestImage[];
}

/** What is wrong, or odd, at a place of a manifest. */
export interface ManifestProblem extends FilePosition {
  /** Where the file is malformed; counted from 1. */
  readonly column?: number;
  readonly message: string;
}

/** The manifests of a file or a directory, and everything that was found in them. Use them only without errors. */
export interface ManifestReading {
  readonly manifests: readonly PromotionManifest[];
  readonly errors: readonly ManifestProblem[];
  readonly warnings: readonly ManifestProblem[];
}
