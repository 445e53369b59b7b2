// The first documents of a collection: a root with a new certificate, and targets below it.

import {
  emptyTargets,
  encodeMetadata,
  expiry,
  renewed,
  signMetadata,
  type Target,
  withTargets,
} from './new-metadata.ts';
import type { NotaryServer } from './notary-server.ts';
import { rootCertificate } from './root-certificate.ts';
import { deriveTargetsKey, type SigningKey } from './signing-key.ts';
import { keyId, trustKey } from './trust-key.ts';

/**
 * The documents by which a collection begins: its root names this root key, the targets key that follows from it, and
 * the server's keys for snapshot and timestamp, which are asked for.
 */
export async function newCollection(
  server: NotaryServer,
  gun: string,
  rootKey: SigningKey,
  targets: readonly Target[],
  now: number,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const targetsKey = deriveTargetsKey(rootKey, gun);
  const certificate = rootCertificate(rootKey, gun, now, now + expiry.root);
  const keys = {
    root: trustKey(`${rootKey.publicKey.keytype}-x509`, Buffer.from(certificate).toString('base64')),
    targets: targetsKey.publicKey,
    timestamp: await server.key('timestamp'),
    snapshot: await server.key('snapshot'),
  };
  const listed = Object.entries(keys);
  const root = {
    _type: 'Root',
    version: 0,
    consistent_snapshot: false,
    keys: Object.fromEntries(listed.map(([, key]) => [keyId(key), key])),
    roles: Object.fromEntries(listed.map(([role, key]) => [role, { keyids: [keyId(key)], threshold: 1 }])),
  };
  const first = withTargets(emptyTargets(), targets);
  return new Map([
    ['root', encodeMetadata(signMetadata(renewed(root, now, expiry.root), keyId(keys.root), rootKey))],
    ['targets', encodeMetadata(signMetadata(renewed(first, now, expiry.targets), targetsKey.id, targetsKey))],
  ]);
}
