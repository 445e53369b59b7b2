// Loads the metadata of a collection from a notary server, and verifies each document before the next one is used.
import { createHash } from 'node:crypto';
import { isJsonObject } from '../oci/json.ts';
import type { NotaryServer } from './notary-server.ts';
import { type BaseRole, baseRole, verifyRoot } from './root-metadata.ts';
import {
  parseMetadata,
  readSigningRole,
  type SignedMetadata,
  type SigningRole,
  untrusted,
  verifyMetadata,
  versionOf,
} from './signed-metadata.ts';

/** A delegation of the targets role: its keys, and the names that it may sign. */
export interface Delegation {
  readonly name: string;
  readonly signers: SigningRole;
  /** Prefixes of the target names that it may sign. */
  readonly paths: readonly string[];
}

/** Verified metadata. */
export interface TrustedCollection {
  readonly gun: string;
  readonly root: SignedMetadata;
  readonly timestamp: SignedMetadata;
  readonly snapshot: SignedMetadata;
  readonly targets: SignedMetadata;
  /** The delegations directly below the targets role. */
  readonly delegations: readonly Delegation[];
  /** The metadata of a delegation; undefined when none was published yet. Throws a UserError as {@link loadCollection}. */
  delegated(delegation: Delegation): Promise<SignedMetadata | undefined>;
}

/**
 * Loads and verifies a collection; undefined when the server has none of this name. `previous` is what was trusted before
 * in this process: its root must have signed a new one, and no version may go back. `now` is in milliseconds. Throws a
 * UserError that names the metadata that must not be trusted. TUF specification 1.0, section 5.
 */
export async function loadCollection(
  server: NotaryServer,
  gun: string,
  now: number,
  previous?: TrustedCollection,
): Promise<TrustedCollection | undefined> {
  const rootBytes = await server.metadata('root');
  if (!rootBytes) {
    return undefined;
  }
  const root = parseMetadata(rootBytes, 'root');
  verifyRoot(root, gun, { now, atLeast: seenVersion(previous, 'root') }, previous?.root);

  const verified = (bytes: Buffer, role: BaseRole): SignedMetadata => {
    const metadata = parseMetadata(bytes, role);
    const rules = { type: role, now, atLeast: seenVersion(previous, role) };
    verifyMetadata(metadata, role, baseRole(root, role), rules);
    return metadata;
  };
  const timestamp = verified(await fetchExisting(server, 'timestamp'), 'timestamp');
  const snapshotSum = checksumOf(timestamp, 'timestamp', 'snapshot');
  const snapshot = verified(await fetchIntact(server, 'snapshot', snapshotSum), 'snapshot');
  if (!isIntact(rootBytes, checksumOf(snapshot, 'snapshot', 'root'))) {
    throw untrusted('root', 'it is not the one that the snapshot lists');
  }
  const targetsSum = checksumOf(snapshot, 'snapshot', 'targets');
  const targets = verified(await fetchIntact(server, 'targets', targetsSum), 'targets');
  return {
    gun,
    root,
    timestamp,
    snapshot,
    targets,
    delegations: delegationsOf(targets),
    async delegated({ name, signers }) {
      const listed = isJsonObject(snapshot.signed.meta) && snapshot.signed.meta[name] !== undefined;
      if (!listed) {
        return undefined;
      }
      const metadata = parseMetadata(
        await fetchIntact(server, name, checksumOf(snapshot, 'snapshot', name)),
        name,
      );
      verifyMetadata(metadata, name, signers, { type: 'targets', now, atLeast: 1 });
      return metadata;
    },
  };
}

function seenVersion(previous: TrustedCollection | undefined, role: BaseRole): number {
  return previous ? versionOf(previous[role], role) : 1;
}

/** The delegations directly below the targets role, in their order. */
function delegationsOf({ signed }: SignedMetadata): readonly Delegation[] {
  const { keys, roles } = isJsonObject(signed.delegations) ? signed.delegations : {};
  const list: readonly unknown[] = Array.isArray(roles) ? roles : [];
  return list.map((role) => {
    const { name, paths } = isJsonObject(role) ? role : {};
    if (typeof name !== 'string' || !/^targets\/[-a-z0-9._]+$/.test(name)) {
      throw untrusted('targets', 'it delegates to a role that is not directly below it');
    }
    const prefixes: readonly unknown[] = Array.isArray(paths) ? paths : [];
    return {
      name,
      signers: readSigningRole(role, keys, name),
      paths: prefixes.filter((path) => typeof path === 'string'),
    };
  });
}

/** The length and hash by which one document lists another. */
interface Checksum {
  readonly sha256: string;
  readonly length: number;
}

function checksumOf({ signed }: SignedMetadata, role: string, listed: string): Checksum {
  const entry = isJsonObject(signed.meta) ? signed.meta[listed] : undefined;
  const { hashes, length } = isJsonObject(entry) ? entry : {};
  const sha256 = isJsonObject(hashes) ? hashes.sha256 : undefined;
  const hex = typeof sha256 === 'string' ? Buffer.from(sha256, 'base64').toString('hex') : '';
  if (hex.length !== 64 || typeof length !== 'number') {
    throw untrusted(role, `it lists no checksum of ${listed}`);
  }
  return { sha256: hex, length };
}

function isIntact(bytes: Buffer, { sha256, length }: Checksum): boolean {
  return bytes.length === length && createHash('sha256').update(bytes).digest('hex') === sha256;
}

async function fetchIntact(server: NotaryServer, role: string, checksum: Checksum): Promise<Buffer> {
  const bytes = await fetchExisting(server, role, checksum.sha256);
  if (!isIntact(bytes, checksum)) {
    throw untrusted(role, 'its checksum is not the listed one');
  }
  return bytes;
}

async function fetchExisting(server: NotaryServer, role: string, sha256?: string): Promise<Buffer> {
  const bytes = await server.metadata(role, sha256);
  if (!bytes) {
    throw untrusted(role, 'the server does not have it');
  }
  return bytes;
}
