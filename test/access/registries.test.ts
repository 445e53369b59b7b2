// Settings for many registries: which entry counts for a repository, and one budget for each host.
import { describe, expect, it, onTestFinished } from 'vitest';
import { strictest } from '../../src/access/host-budget.ts';
import { openRegistries, type RegistrySettings, settingsFor } from '../../src/access/registries.ts';
import { parseRepository } from '../../src/oci/reference.ts';
import { getManifest } from '../../src/registry/manifest-endpoint.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { loginSettings } from '../support/login-settings.ts';
import { imageWith, registryWith } from '../support/promotion.ts';
import { testSurroundings } from '../support/run-command.ts';
import { recordedLog } from '../support/test-session.ts';

const access = { ...loginSettings, caCerts: [], registryMirrors: [] };
const entry = (prefix: string, others: Partial<RegistrySettings> = {}): RegistrySettings => ({
  prefix,
  access,
  ...others,
});

describe('the settings for a repository are those of', () => {
  const all = ['', 'a.test', 'a.test/team', 'a.test/team/app'].map((prefix) => entry(prefix));
  it.each([
    ['a.test/team/app', 'a.test/team/app'],
    ['a.test/team/app/part', 'a.test/team/app'],
    ['a.test/team/application', 'a.test/team'],
    ['a.test/teams/app', 'a.test'],
    ['a.test:5000/team/app', ''],
    ['b.test/a.test/team', ''],
  ])('%s: %j', (name, prefix) => {
    expect(settingsFor(name, all)?.prefix).toBe(prefix);
    expect(settingsFor(name, all.toReversed())?.prefix).toBe(prefix);
  });
});

it.each([
  [[], undefined, undefined],
  [[{}], undefined, undefined],
  [[{ maxConcurrent: 3 }, { maxRequestsPerSecond: 5 }], 5, 3],
  [[{ maxConcurrent: 3, maxRequestsPerSecond: 9 }, { maxConcurrent: 2 }, { maxRequestsPerSecond: 10 }], 9, 2],
])('of the limits %j the strictest count', (limits, maxRequestsPerSecond, maxConcurrent) => {
  expect(strictest(limits)).toEqual({ maxRequestsPerSecond, maxConcurrent });
});

it('repositories of one host share its budget, whatever entries they have, and other hosts do not', async () => {
  const image = await imageWith('1');
  const [first, second] = [
    await registryWith({ 'a/x:1': image, 'b/x:1': image }),
    await registryWith({ 'a/x:1': image }),
  ];
  const clock = createFakeClock();
  const { surroundings } = testSurroundings({ clock });
  const registries = openRegistries(
    [
      entry(`${first.host}/a`, { maxRequestsPerSecond: 1 }),
      entry(`${first.host}/b`, { maxRequestsPerSecond: 2 }),
      entry(''),
    ],
    surroundings,
    recordedLog(clock),
  );
  onTestFinished(() => registries.close());
  const read = async (name: string) => getManifest(await registries.reader(parseRepository(name)), '1');
  await read(`${second.host}/a/x`);
  const before = clock.waits.length;
  // Only a ping by https waits, before one by http begins.
  expect(Math.max(0, ...clock.waits)).toBeLessThan(1000);
  await Promise.all([read(`${first.host}/a/x`), read(`${first.host}/b/x`)]);
  const requests = first.requests.length;
  expect(requests).toBeGreaterThanOrEqual(4);
  expect(clock.waits.slice(before).reduce((sum, wait) => sum + wait, 0)).toBeGreaterThanOrEqual(
    (requests - 1) * 1000,
  );
});
