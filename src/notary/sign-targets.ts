// Signs tags as targets of a collection and publishes them (content trust, Notary v1).
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { newCollection } from './new-collection.ts';
import {
  emptyTargets,
  encodeMetadata,
  expiry,
  heldKey,
  renewed,
  signMetadata,
  type Target,
  withTargets,
} from './new-metadata.ts';
import type { NotaryServer } from './notary-server.ts';
import { baseRole } from './root-metadata.ts';
import { expiryTime, type SigningRole } from './signed-metadata.ts';
import { deriveTargetsKey, type SigningKey } from './signing-key.ts';
import { loadCollection, type TrustedCollection } from './trusted-collection.ts';

/** The server, the collection and the key to sign with. */
export interface SigningOptions {
  readonly server: NotaryServer;
  /** The name of the collection (globally unique name), as in `registry.example.com/team/app`. */
  readonly gun: string;
  readonly key: SigningKey;
  /** Whether the file of the key says that it is a root key. Only a root key can initialise a collection. */
  readonly isRootKey: boolean;
  /** Milliseconds. */
  now(): number;
  readonly log: Log;
}

/** How many times signing is attempted when another client publishes at the same time. */
const attempts = 3;
const halfYear = 182 * 24 * 60 * 60 * 1000;

/**
 * Publishes signed targets; of targets with one name the last counts. Initialises the collection when there is none.
 * Throws a UserError when metadata cannot be trusted, the key may not sign, or the server refuses.
 */
export async function signTargets(targets: readonly Target[], options: SigningOptions): Promise<void> {
  const { server, gun } = options;
  let known: TrustedCollection | undefined;
  for (let attempt = 1; ; attempt++) {
    const collection = await loadCollection(server, gun, options.now(), known);
    const files = collection
      ? await nextFiles(collection, targets, options)
      : await firstFiles(targets, options);
    try {
      await server.publish(files);
      return;
    } catch (error) {
      const conflict = error instanceof RegistryError && error.codes.includes('VERSION');
      if (!conflict || attempt === attempts) {
        throw withSnapshotHint(error, gun);
      }
      known = collection;
    }
  }
}

/** The server has no snapshot key for a collection of `notary init`: that stays with the owner of the collection. */
function withSnapshotHint(error: unknown, gun: string): unknown {
  const lacksSnapshot = error instanceof RegistryError && /no snapshot was included/.test(error.message);
  return lacksSnapshot
    ? new UserError(`the notary server does not have the snapshot key of ${gun}`, {
        cause: error,
        hint: `let the server manage it, once, with the root key: notary key rotate ${gun} snapshot -r`,
      })
    : error;
}

async function firstFiles(
  targets: readonly Target[],
  { server, gun, key, isRootKey, now, log }: SigningOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (!isRootKey) {
    throw new UserError(`the notary server has no collection ${gun}, and only a root key can begin one`, {
      hint: `run "notary init ${gun}" with its root key, or sign with a root key (PEM header "role: root")`,
    });
  }
  log.info(`initialising the trust collection ${gun}`);
  return await newCollection(server, gun, key, targets, now());
}

async function nextFiles(
  collection: TrustedCollection,
  targets: readonly Target[],
  options: SigningOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { gun, key, isRootKey } = options;
  const held = isRootKey ? [key, deriveTargetsKey(key, gun)] : [key];
  const now = options.now();
  const files = new Map<string, Uint8Array>(renewedRoot(collection, held, now, options.log));
  if (collection.delegations.length === 0) {
    const signed = renewed(withTargets(collection.targets.signed, targets), now, expiry.targets);
    files.set('targets', signFor('targets', baseRole(collection.root, 'targets'), held, signed));
    return files;
  }
  const delegations = collection.delegations.filter(({ signers }) => heldKey(signers.keys, held));
  const admits = (paths: readonly string[], { name }: Target) => paths.some((path) => name.startsWith(path));
  const refused = targets.find((target) => !delegations.some(({ paths }) => admits(paths, target)));
  if (refused) {
    throw new UserError(`no delegation of ${gun} allows the key to sign ${JSON.stringify(refused.name)}`, {
      hint:
        delegations.length === 0
          ? `add the public key to a delegation: notary delegation add ${gun} targets/releases`
          : `the paths of ${delegations.map(({ name }) => name).join(', ')} do not allow this tag`,
    });
  }
  for (const delegation of delegations) {
    const admitted = targets.filter((target) => admits(delegation.paths, target));
    if (admitted.length > 0) {
      const before = (await collection.delegated(delegation))?.signed ?? emptyTargets();
      const signed = renewed(withTargets(before, admitted), now, expiry.targets);
      files.set(delegation.name, signFor(delegation.name, delegation.signers, held, signed));
    }
  }
  return files;
}

function signFor(
  role: string,
  { keys, threshold }: SigningRole,
  held: readonly SigningKey[],
  signed: Parameters<typeof signMetadata>[0],
): Uint8Array {
  const found = heldKey(keys, held);
  if (!found) {
    throw new UserError(`the key is not a key of the role ${role}`, {
      hint: `sign with the ${role} key of this collection; "notary key list" shows the ids of keys, and "notary key rotate" replaces a lost one`,
    });
  }
  if (threshold > 1) {
    throw new UserError(`the role ${role} needs ${threshold} signatures, but there is only one key`);
  }
  return encodeMetadata(signMetadata(signed, found.id, found.key));
}

/** The root signed again when it expires within half a year and its key is held; otherwise nothing, with a warning. */
function renewedRoot(
  { root }: TrustedCollection,
  held: readonly SigningKey[],
  now: number,
  log: Log,
): [string, Uint8Array][] {
  const expires = String(root.signed.expires);
  if (expiryTime(expires) > now + halfYear) {
    return [];
  }
  const { keys, threshold } = baseRole(root, 'root');
  const found = threshold === 1 ? heldKey(keys, held) : undefined;
  if (!found) {
    log.warn(`the root of the trust collection expires on ${expires}: renew it with its root key`);
    return [];
  }
  const signed = renewed(root.signed, now, expiry.root);
  return [['root', encodeMetadata(signMetadata(signed, found.id, found.key))]];
}
