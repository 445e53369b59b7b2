// Finds for each promotion manifest the state of it that it is compared with.
import type { PromotionManifest } from './promotion-manifest.ts';
import { canonicalRegistry } from './registry-name.ts';

/** The old and the new state of a manifest; `old` is undefined for an added one, `now` for a removed one. */
export interface ManifestPair {
  /** The folder of a thin manifest, the file of a plain one. */
  readonly label: string;
  readonly old: PromotionManifest | undefined;
  readonly now: PromotionManifest | undefined;
}

/**
 * Pairs manifests that have the same folder, and two plain ones; then those left that have the same source, so that a
 * renamed folder, or a plain manifest that became a thin one, is no difference.
 */
export function pairManifests(
  before: readonly PromotionManifest[],
  after: readonly PromotionManifest[],
): ManifestPair[] {
  const leftBefore = new Set(before);
  const leftAfter = new Set(after);
  const pairs: ManifestPair[] = [];
  for (const keyOf of [folderOf, sourceOf]) {
    const byKey = new Map([...leftAfter].map((manifest) => [keyOf(manifest), manifest]));
    for (const old of leftBefore) {
      const now = byKey.get(keyOf(old));
      if (now && leftAfter.delete(now)) {
        leftBefore.delete(old);
        pairs.push({ label: labelOf(now), old, now });
      }
    }
  }
  return [
    ...pairs,
    ...[...leftBefore].map((old) => ({ label: labelOf(old), old, now: undefined })),
    ...[...leftAfter].map((now) => ({ label: labelOf(now), old: undefined, now })),
  ];
}

function folderOf({ folder }: PromotionManifest): string {
  return folder ?? '';
}

function sourceOf({ source }: PromotionManifest): string {
  return canonicalRegistry(source.name);
}

function labelOf({ folder, file }: PromotionManifest): string {
  return folder ?? file;
}
