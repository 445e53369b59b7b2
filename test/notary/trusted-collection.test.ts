// Verification of the metadata of a collection: what is trusted, and every way in which it is not.
import { beforeEach, describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { newCollection } from '../../src/notary/new-collection.ts';
import { encodeMetadata, renewed, signMetadata } from '../../src/notary/new-metadata.ts';
import { parseMetadata } from '../../src/notary/signed-metadata.ts';
import type { SigningKey } from '../../src/notary/signing-key.ts';
import { loadCollection, type TrustedCollection } from '../../src/notary/trusted-collection.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { JsonObject } from '../../src/oci/json.ts';
import { createMemoryNotary, type MemoryNotary, newKey } from '../support/memory-notary.ts';

const gun = 'registry.test/team/app';
const start = Date.parse('2030-01-01T00:00:00Z');
const day = 24 * 60 * 60 * 1000;
const target = { name: '1.0', digest: digestOf('manifest'), length: 8 };

let now: number;
let notary: MemoryNotary;
let rootKey: SigningKey;

beforeEach(async () => {
  now = start;
  notary = createMemoryNotary(() => now);
  rootKey = newKey();
  await notary.server.publish(await newCollection(notary.server, gun, rootKey, [target], now));
});

const load = (previous?: TrustedCollection) => loadCollection(notary.server, gun, now, previous);

async function refusal(previous?: TrustedCollection): Promise<string> {
  return await load(previous).then(
    () => 'trusted',
    (error: unknown) => errorText(error),
  );
}

function signedOf(role: string): JsonObject {
  return parseMetadata(notary.files.get(role) ?? Buffer.alloc(0), role).signed;
}

function replace(role: string, signed: JsonObject, id: string, key: SigningKey): void {
  notary.files.set(role, encodeMetadata(signMetadata(signed, id, key)));
}

it('trusts a valid collection, and its next version', async () => {
  const first = await load();
  expect(first?.targets.signed).toMatchObject({ version: 1, targets: { '1.0': { length: 8 } } });
  notary.refresh();
  expect((await load(first))?.snapshot.signed.version).toBe(2);
});

it('finds no collection on a server without a root', async () => {
  notary.files.clear();
  expect(await load()).toBeUndefined();
});

describe('a collection is not trusted', () => {
  const { key: attacker } = { key: newKey() };
  const cases: readonly [string, () => void, string][] = [
    ['an absent timestamp', () => notary.files.delete('timestamp'), 'does not have it'],
    ['a document that is no JSON', () => notary.files.set('timestamp', Buffer.from('{')), 'not JSON'],
    [
      'a timestamp signed by another key',
      () => replace('timestamp', signedOf('timestamp'), attacker.id, attacker),
      'the timestamp metadata cannot be trusted: it has 0 valid',
    ],
    [
      'a timestamp signed by another key under the id of the right one',
      () => replace('timestamp', signedOf('timestamp'), notary.key.id, attacker),
      'it has 0 valid',
    ],
    [
      'a document without its signature',
      () => {
        const document = { signed: signedOf('timestamp'), signatures: [] };
        notary.files.set('timestamp', encodeMetadata(document));
      },
      'it has 0 valid signature(s) of the 1',
    ],
    [
      'a snapshot in the place of a timestamp',
      () => replace('timestamp', signedOf('snapshot'), notary.key.id, notary.key),
      'its type is not timestamp',
    ],
    [
      'a timestamp that never expires',
      () => {
        const { expires, ...endless } = signedOf('timestamp');
        expect(expires).toBeDefined();
        replace('timestamp', endless, notary.key.id, notary.key);
      },
      'does not say when it expires',
    ],
    ['expired metadata', () => (now += 20 * day), 'the timestamp metadata expired on 2030-01-15'],
    [
      'a snapshot that the timestamp does not list',
      () => replace('snapshot', renewed(signedOf('snapshot'), now, day), notary.key.id, notary.key),
      'the snapshot metadata cannot be trusted: its checksum',
    ],
    [
      'targets that the snapshot does not list',
      () => notary.files.set('targets', Buffer.concat([notary.files.get('targets') ?? start0, start0])),
      'the targets metadata cannot be trusted: its checksum',
    ],
    [
      'targets that the server itself signed',
      () => {
        replace('targets', renewed(signedOf('targets'), now, day), notary.key.id, notary.key);
        notary.refresh();
      },
      'the targets metadata cannot be trusted: it has 0 valid',
    ],
    [
      'a root that the snapshot does not list',
      () => {
        const { keyids } = Object(signedOf('root').roles).root;
        replace('root', renewed(signedOf('root'), now, 100 * day), keyids[0], rootKey);
      },
      'not the one that the snapshot lists',
    ],
    [
      'a root that asks for more signatures than it has',
      () => {
        const root = signedOf('root');
        const roles = Object(root.roles);
        const { keyids } = roles.root;
        const more = { ...root, roles: { ...roles, root: { keyids, threshold: 2 } } };
        replace('root', more, keyids[0], rootKey);
      },
      'it has 1 valid signature(s) of the 2',
    ],
    [
      'a root whose certificate expired',
      () => (now += 11 * 365 * day),
      'none of its certificates is valid and named registry.test/team/app',
    ],
  ];
  const start0 = Buffer.from(' ');

  it.each(cases)('with %s', async (_, change, reason) => {
    expect(await refusal()).toBe('trusted');
    change();
    expect(await refusal()).toContain(reason);
  });

  it('with the root of another collection', async () => {
    await notary.server.publish(await newCollection(notary.server, `${gun}-evil`, rootKey, [], now));
    expect(await refusal()).toContain('none of its certificates is valid and named registry.test/team/app');
  });

  it('with a valid root that the root trusted before did not sign', async () => {
    const first = await load();
    await notary.server.publish(await newCollection(notary.server, gun, newKey(), [target], now));
    expect(await refusal()).toBe('trusted');
    expect(await refusal(first)).toContain('by the keys trusted before');
  });

  it('with an older version than the one seen before', async () => {
    const older = new Map(notary.files);
    notary.refresh();
    const newer = await load();
    for (const [role, bytes] of older) {
      notary.files.set(role, bytes);
    }
    expect(await refusal()).toBe('trusted');
    expect(await refusal(newer)).toContain('version 1 is older than version 2');
  });
});
