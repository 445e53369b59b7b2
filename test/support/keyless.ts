// What a test of signing without a key needs: settings for a deployment, and sigstore's own library as the judge.
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import type { TestRegistry } from './registry.ts';
import type { TestSigstore } from './sigstore.ts';

/** The options of a command of registry-image for the services at a URL. */
export function identityOptions(url: string): string[] {
  return ['--fulcio-url', url, '--rekor-url', url, '--timestamp-url', `${url}/api/v1/timestamp`];
}

/** A bundle as the registry of a test has it. */
export interface StoredBundle {
  readonly verificationMaterial: { readonly tlogEntries: readonly unknown[] };
  readonly dsseEnvelope: { readonly payload: string };
}

/** The bundles of a predicate type in a repository. */
export function storedBundles(registry: TestRegistry, repository: string, type: string): StoredBundle[] {
  return registry.digests(repository).flatMap((digest) => {
    const manifest = JSON.parse(registry.manifest(repository, digest)?.bytes.toString() ?? '{}');
    return manifest.annotations?.['dev.sigstore.bundle.predicateType'] === type
      ? [JSON.parse(registry.blob(repository, manifest.layers[0].digest)?.toString() ?? '')]
      : [];
  });
}

/** Who has signed a bundle, and its statement. Throws when it does not verify by the services. */
export function verifiedBundle(
  sigstore: Pick<TestSigstore, 'trustedRoot'>,
  bundle: StoredBundle,
  thresholds: object = {},
) {
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot)), thresholds);
  const { identity } = verifier.verify(toSignedEntity(bundleFromJSON(bundle)));
  return {
    subject: identity?.subjectAlternativeName,
    issuer: identity?.extensions?.issuer,
    statement: JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()),
  };
}
