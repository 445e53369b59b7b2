// The first metadata of a collection: a root with a new certificate, and targets.

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
 * The first root and targets of a collection, by role. The root lists the certificate of the root key, the targets key
 * that is derived from it, and the keys of the server for snapshot and timestamp, which are requested. Times are in
 * milliseconds. Throws a UserError when the server has no keys.
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
