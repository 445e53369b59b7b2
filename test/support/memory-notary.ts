// A notary server in memory whose files, snapshot and timestamp a test can change at any time.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { encodeMetadata, renewed, signMetadata } from '../../src/notary/new-metadata.ts';
import type { NotaryServer } from '../../src/notary/notary-server.ts';
import { parseMetadata, versionOf } from '../../src/notary/signed-metadata.ts';
import { type SigningKey, signingKey } from '../../src/notary/signing-key.ts';
import { RegistryError } from '../../src/transport/registry-error.ts';

/** A notary server and its content. */
export interface MemoryNotary {
  readonly server: NotaryServer;
  /** The current documents by role. */
  readonly files: Map<string, Buffer>;
  /** The key with which it signs snapshot and timestamp. */
  readonly key: SigningKey;
  /** Signs a snapshot and a timestamp of its current documents. */
  refresh(): void;
  /** How many of the next updates it refuses because a newer version exists. */
  conflicts: number;
}

/** A new ECDSA key. */
export function newKey(): SigningKey {
  return signingKey(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
}

/** Creates a server without metadata; `now` is its clock in milliseconds. */
export function createMemoryNotary(now: () => number): MemoryNotary {
  const files = new Map<string, Buffer>();
  const key = newKey();
  const meta = (bytes: Buffer) => ({
    length: bytes.length,
    hashes: { sha256: createHash('sha256').update(bytes).digest('base64') },
  });
  const sign = (role: 'snapshot' | 'timestamp', lists: readonly string[]) => {
    const before = files.get(role);
    const version = before ? versionOf(parseMetadata(before, role), role) : 0;
    const listed = lists.map((name) => [name, meta(files.get(name) ?? Buffer.alloc(0))]);
    const document = { _type: role === 'snapshot' ? 'Snapshot' : 'Timestamp', version };
    const next = renewed({ ...document, meta: Object.fromEntries(listed) }, now(), 14 * 24 * 60 * 60 * 1000);
    files.set(role, encodeMetadata(signMetadata(next, key.id, key)));
  };
  const notary: MemoryNotary = {
    files,
    key,
    conflicts: 0,
    refresh() {
      sign(
        'snapshot',
        [...files.keys()].filter((name) => name === 'root' || name.startsWith('targets')),
      );
      sign('timestamp', ['snapshot']);
    },
    server: {
      metadata: async (role) => files.get(role),
      key: async () => key.publicKey,
      async publish(updates) {
        if (notary.conflicts > 0) {
          notary.conflicts--;
          const body = Buffer.from('{"errors":[{"code":"VERSION","message":"a newer version exists"}]}');
          throw new RegistryError({ method: 'POST', url: 'https://notary.test/', status: 400, body });
        }
        for (const [role, bytes] of updates) {
          files.set(role, Buffer.from(bytes));
        }
        notary.refresh();
      },
    },
  };
  return notary;
}
