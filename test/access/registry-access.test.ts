// Sessions of a registry: pinged once, kept by repository and scopes, opened again after a failed attempt.
import { expect, it } from 'vitest';
import { openAccess } from '../../src/access/access.ts';
import type { AccessSurroundings } from '../../src/access/access-settings.ts';
import type { RegistryAccess } from '../../src/access/registry-access.ts';
import { CorruptContentError } from '../../src/content/verified-content.ts';
import { UserError } from '../../src/errors.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { recordedLog } from '../support/test-session.ts';

const surroundings = (): AccessSurroundings => ({
  environment: {},
  clock: createFakeClock(),
  signal: new AbortController().signal,
  waits: 'real',
  random: () => 0.5,
  addSecret: () => {},
  addServerSecret: () => {},
});

async function withRegistry(
  action: (access: RegistryAccess, registry: TestRegistry) => Promise<void>,
): Promise<void> {
  await using registry = await startRegistry({ auth: { kind: 'bearer' } });
  const access = openAccess({ caCerts: [] }, 'in', surroundings(), recordedLog());
  try {
    const login = { credentials: async () => undefined, insecure: false };
    await action(access.registry(registry.host, login), registry);
  } finally {
    await access.close();
  }
}

it('sends no request before the first session is asked for', () =>
  withRegistry(async (_access, registry) => {
    expect(registry.requests).toEqual([]);
  }));

it('pings once, and keeps a session for each repository and scopes, also while it is being opened', () =>
  withRegistry(async (access, registry) => {
    const both = ['repository:team/a:push,pull', 'repository:team/b:pull'];
    const [first, same, pushing, other] = await Promise.all([
      access.repository('team/a', ['repository:team/a:pull']),
      access.repository('team/a', ['repository:team/a:pull']),
      access.repository('team/a', both),
      access.repository('team/b', ['repository:team/b:pull']),
    ]);
    expect(same).toBe(first);
    expect(await access.repository('team/a', ['repository:team/a:pull'])).toBe(first);
    expect(new Set([first, pushing, other]).size).toBe(3);
    expect(registry.journal.select({ path: '/v2/' })).toHaveLength(1);
    const asked = registry.journal.select({ path: '/token' }).map(({ query }) => query.getAll('scope'));
    expect(asked).toEqual([['repository:team/a:pull'], both, ['repository:team/b:pull']]);
  }));

it('opens a new session after a session could not be opened', async () => {
  await using registry = await startRegistry({
    faults: [{ path: '/v2/', times: 1, fault: { kind: 'status', status: 403 } }],
  });
  const access = openAccess({ caCerts: [] }, 'in', surroundings(), recordedLog());
  const opened = access.registry(registry.host, { credentials: async () => undefined, insecure: false });
  await expect(opened.repository('team/a', ['repository:team/a:pull'])).rejects.toBeInstanceOf(UserError);
  await opened.repository('team/a', ['repository:team/a:pull']);
  await access.close();
});

it('opens a new session for an attempt that follows a failed one', () =>
  withRegistry(async (access, registry) => {
    let attempts = 0;
    await access.attempt(async () => {
      await access.repository('team/a', ['repository:team/a:pull']);
      attempts++;
      if (attempts === 1) {
        throw new CorruptContentError('wrong bytes');
      }
    });
    expect(attempts).toBe(2);
    expect(registry.journal.select({ path: '/v2/' })).toHaveLength(2);
    expect(registry.journal.select({ path: '/token' })).toHaveLength(2);
  }));
