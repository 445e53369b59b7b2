// registry-image cleanup: dry runs, deletions, ages and exit status.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/fake-clock.ts';
import { buildImage, jsonDocument, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { registryWith } from '../support/promotion.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';

/** An image that was created so many hours before the fake clock starts. */
const created = (hours: number) =>
  buildImage({
    created: new Date(createFakeClock().now() - hours * 3_600_000).toISOString(),
    layers: [[file(String(hours))]],
  });

async function scene() {
  const [young, old, older] = [await created(1), await created(48), await created(72)];
  return await registryWith({
    'team/app:change_1': old,
    'team/app:change_2': older,
    'team/app:change_3': young,
    'team/app:1.0': older,
  });
}

const basic = ['--pattern', '^change_', '--older-than', '24h'];

it('is a dry run that exits with 2, until --confirm deletes what is due', async () => {
  const registry = await scene();
  const name = `${registry.host}/team/app`;
  const dry = await runCliJson(['cleanup', name, ...basic]);
  expect(dry.code).toBe(2);
  expect(dry.json).toEqual({
    summary: { matching: 3, due: 2, deleted: 0, kept: 0, unknown: 0, failed: 0 },
    tags: [
      expect.objectContaining({
        tag: 'change_2',
        time: '2025-12-29T00:00:00.000Z',
        outcome: 'due',
        reason: '',
      }),
      expect.objectContaining({
        tag: 'change_1',
        time: '2025-12-30T00:00:00.000Z',
        outcome: 'due',
        reason: '',
      }),
    ],
  });
  expect(registry.requests.every(({ method }) => ['GET', 'HEAD'].includes(method))).toBe(true);
  const { code, stdout } = await runCli(['cleanup', name, ...basic, '--confirm']);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^deleted +change_2 +2025-12-29.*\ndeleted +change_1 .*\n3 matching tags: 2 deleted\n$/m,
  );
  expect(registry.tags('team/app')).toEqual(['1.0', 'change_3']);
  const again = await runCli(['cleanup', name, ...basic, '--confirm']);
  expect(again).toMatchObject({ code: 0, stdout: '1 matching tag: none is due\n' });
});

it('keeps so many of the newest', async () => {
  const registry = await scene();
  const args = ['cleanup', `${registry.host}/team/app`, ...basic, '--keep', '2', '--confirm'];
  expect(await runCli(args)).toMatchObject({ code: 0 });
  expect(registry.tags('team/app')).toEqual(['1.0', 'change_1', 'change_3']);
});

it('goes by the time in the tag with --time-in-tag, and leaves tags without one', async () => {
  const image = await created(1000);
  const registry = await registryWith({
    'team/app:x-202512010000': image,
    'team/app:x-202512312300': image,
    'team/app:x-new': image,
  });
  const args = [
    'cleanup',
    `${registry.host}/team/app`,
    '--pattern',
    '^x-',
    '--older-than',
    '1d',
    '--time-in-tag',
  ];
  const { code, json } = await runCliJson([...args, '--confirm']);
  expect(code).toBe(0);
  expect(json).toMatchObject({
    summary: { matching: 3, deleted: 1, unknown: 1 },
    tags: [
      { tag: 'x-202512010000', outcome: 'deleted' },
      { tag: 'x-new', outcome: 'unknown', time: null, reason: 'the tag has no time in it' },
    ],
  });
  expect(registry.journal.select({ method: 'GET', path: /manifests|blobs/ }).length).toBeLessThan(3);
});

it.each([
  ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.000Z'],
  ['2020-01-01T02:00:00.5+02:00', '2020-01-01T00:00:00.500Z'],
  ['2099-01-01T00:00:00Z', undefined],
  // Go's zero time: the builder states none.
  ['0001-01-01T00:00:00Z', null],
  // Runtimes take these for times, each in its own way.
  ['build 12', null],
  ['1', null],
  ['2020-02-31T00:00:00Z', null],
  ['2020-01-01', null],
  ['2020-01-01T00:00:00', null],
  ['-000001-01-01T00:00:00Z', null],
  ['', null],
])('takes an image that was created at %j as of %j', async (time, found) => {
  const registry = await registryWith({ 'team/app:change_1': await buildImage({ created: time }) });
  const { code, json } = await runCliJson(['cleanup', `${registry.host}/team/app`, ...basic]);
  const [tag] = json.tags as { readonly outcome: string; readonly time: string | null }[];
  expect([code, tag?.outcome, tag?.time]).toEqual(
    found === undefined
      ? [0, undefined, undefined]
      : found === null
        ? [0, 'unknown', null]
        : [2, 'due', found],
  );
});

describe('exits with 1', () => {
  it('when the registry cannot delete, and says why', async () => {
    const image = await created(48);
    const registry = await registryWith(
      { 'team/app:change_1': image },
      { faults: [{ method: 'DELETE', fault: { kind: 'status', status: 405 } }] },
    );
    const { code, json } = await runCliJson(['cleanup', `${registry.host}/team/app`, ...basic, '--confirm']);
    expect(code).toBe(1);
    expect(json).toMatchObject({
      summary: { kept: 1, deleted: 0 },
      tags: [{ tag: 'change_1', outcome: 'kept', reason: expect.stringContaining('405') }],
    });
  });

  it('when an image cannot be read, and deletes the others', async () => {
    const image = await created(48);
    const registry = await registryWith({ 'team/app:change_1': image });
    const broken = jsonDocument(image.mediaType, { schemaVersion: 2, mediaType: image.mediaType });
    registry.putManifest('team/app', 'change_2', broken.mediaType, broken.bytes);
    const { code, json } = await runCliJson(['cleanup', `${registry.host}/team/app`, ...basic, '--confirm']);
    expect(code).toBe(1);
    expect(json).toMatchObject({ summary: { matching: 2, deleted: 1, failed: 1 } });
    expect(registry.tags('team/app')).toEqual(['change_2']);
  });

  it.each([
    ['without a pattern', ['--older-than', '1d'], '--pattern is missing'],
    ['with an empty pattern', ['--pattern', '', '--older-than', '1d'], 'the pattern of --pattern is empty'],
    ['without an age', ['--pattern', 'x'], '--older-than is missing'],
    ['for an age that is none', ['--pattern', 'x', '--older-than', 'soon'], '--older-than is not a duration'],
    ['for a number that is none', [...basic, '--keep', '-1'], '--keep "-1" is not a number of tags'],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(['cleanup', 'a.test/b/c', ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });
});

it('finds nothing in a repository that does not exist, and warns', async () => {
  const registry = await registryWith();
  seed(registry, 'other', 'x', await created(1));
  const { code, stdout, stderr } = await runCli(['cleanup', `${registry.host}/team/app`, ...basic]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '0 matching tags: none is due\n' });
  expect(stderr).toContain(`${registry.host}/team/app does not exist, or has no tags`);
  expect((await runCli(['cleanup', `${registry.host}/other`, ...basic])).stderr).toBe('');
});
