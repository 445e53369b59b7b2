// Signing tags: a new collection, later puts, conflicts, and metadata that expires.
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { type SigningOptions, signTargets } from '../../src/notary/sign-targets.ts';
import { deriveTargetsKey, type SigningKey, signingKey } from '../../src/notary/signing-key.ts';
import { loadCollection } from '../../src/notary/trusted-collection.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { createMemoryNotary, type MemoryNotary, newKey } from '../support/memory-notary.ts';

const gun = 'registry.test/team/app';
const day = 24 * 60 * 60 * 1000;
const target = (name: string, content = name) => ({
  name,
  digest: digestOf(content),
  length: content.length,
});

let now: number;
let notary: MemoryNotary;
let rootKey: SigningKey;
let logged: string;

beforeEach(() => {
  now = Date.parse('2030-01-01T00:00:00Z');
  notary = createMemoryNotary(() => now);
  rootKey = newKey();
  logged = '';
});

function options(key: SigningKey = rootKey, isRootKey = key === rootKey): SigningOptions {
  const write = (text: string) => {
    logged += text;
  };
  const log = createLog({ write, now: () => now, startedAt: now }, false);
  return { server: notary.server, gun, key, isRootKey, now: () => now, log };
}

async function signedNames(): Promise<string[]> {
  const collection = await loadCollection(notary.server, gun, now);
  return Object.keys(Object(collection?.targets.signed.targets)).sort();
}

it('initialises a collection with a root key, and derives its targets key again in a later put', async () => {
  await signTargets([target('1.0')], options());
  await signTargets([target('1.1'), target('latest', 'old'), target('latest', 'new')], options());
  expect(await signedNames()).toEqual(['1.0', '1.1', 'latest']);
  const collection = await loadCollection(notary.server, gun, now);
  expect(Object(collection?.targets.signed.targets).latest.length).toBe(3);
});

it('initialises a collection with an RSA root key too', async () => {
  rootKey = signingKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  await signTargets([target('1.0')], options());
  await signTargets([target('1.1')], options());
  expect(await signedNames()).toEqual(['1.0', '1.1']);
});

it('signs nothing with a key that no role lists', async () => {
  await signTargets([target('1.0')], options());
  const before = notary.files.get('targets');
  const failure = await signTargets([target('1.1')], options(newKey())).catch(errorText);
  expect(failure).toBe('the key is not a key of the role targets');
  expect(notary.files.get('targets')).toBe(before);
});

describe('signing while another client publishes', () => {
  it('reads the metadata again and signs its next version', async () => {
    await signTargets([target('1.0')], options());
    notary.conflicts = 2;
    await signTargets([target('1.1')], options());
    expect(await signedNames()).toEqual(['1.0', '1.1']);
  });

  it('fails after three attempts', async () => {
    await signTargets([target('1.0')], options());
    notary.conflicts = 3;
    expect(await signTargets([target('1.1')], options()).catch(errorText)).toContain('a newer version');
    expect(await signedNames()).toEqual(['1.0']);
  });
});

describe('signing over the years', () => {
  /** Signs again and again, so that targets stay valid until the root nearly expires. */
  async function almostTenYears(): Promise<void> {
    for (let halfYears = 0; halfYears < 19; halfYears++) {
      await signTargets([target('1.0')], options());
      now += 182.5 * day;
      notary.refresh();
    }
    now += 10 * day;
    notary.refresh();
  }

  it('renews a root that expires soon with its key', async () => {
    await almostTenYears();
    expect((await loadCollection(notary.server, gun, now))?.root.signed.version).toBe(1);
    await signTargets([target('1.1')], options());
    const { version, expires } = (await loadCollection(notary.server, gun, now))?.root.signed ?? {};
    expect({ version, expires }).toMatchObject({ version: 2, expires: expect.stringMatching(/^2049-/) });
  });

  it('warns of a root that expires soon when only the targets key is held', async () => {
    await almostTenYears();
    await signTargets([target('1.1')], options(deriveTargetsKey(rootKey, gun), false));
    expect((await loadCollection(notary.server, gun, now))?.root.signed.version).toBe(1);
    expect(logged).toContain('the root of the trust collection expires on 2039-');
  });

  it('fails on targets that expired', async () => {
    await signTargets([target('1.0')], options());
    now += 4 * 365 * day;
    notary.refresh();
    const failure = await signTargets([target('1.1')], options()).catch(errorText);
    expect(failure).toContain('the targets metadata expired on 2032-12-31');
  });
});
