// Reads the attestations that a test registry holds, after their signatures were verified without the code under test.
import { verify } from 'node:crypto';
import type { TestRegistry } from './registry.ts';
import type { TestKey } from './signatures.ts';

/** The text of the statement in the bundle of a manifest. Throws when the key has not signed it. */
export function signedStatement(
  registry: TestRegistry,
  repository: string,
  manifest: string,
  { publicPem, hash }: TestKey,
): string {
  const { layers } = JSON.parse(registry.manifest(repository, manifest)?.bytes.toString() ?? '{}');
  const bundle = JSON.parse(registry.blob(repository, layers[0].digest)?.toString() ?? '{}');
  const { payload, payloadType, signatures } = bundle.dsseEnvelope;
  const bytes = Buffer.from(payload, 'base64');
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `),
    bytes,
  ]);
  const [{ sig }, another] = signatures;
  if (another || !verify(hash && 'sha256', signed, publicPem, Buffer.from(sig, 'base64'))) {
    throw new Error(`${manifest} is not signed by the key alone`);
  }
  return bytes.toString();
}

/** The statements of a predicate type in a repository, all signed by the key. */
export function signedStatements(registry: TestRegistry, repository: string, key: TestKey, type: string) {
  return registry.digests(repository).flatMap((digest) => {
    const { annotations } = JSON.parse(registry.manifest(repository, digest)?.bytes.toString() ?? '{}');
    return annotations?.['dev.sigstore.bundle.predicateType'] === type
      ? [JSON.parse(signedStatement(registry, repository, digest, key))]
      : [];
  });
}
