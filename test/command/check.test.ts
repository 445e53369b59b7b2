// check on a fake clock: its requests, retries and results with slow, rate limited, broken and hostile registries.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import type { Version } from '../../src/policy/select-tag.ts';
import { planLookUps, selectVersions } from '../../src/policy/select-versions.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import type { Fault, FaultRule } from '../support/fault.ts';
import {
  buildImage,
  buildIndex,
  descriptorOf,
  type Image,
  jsonDocument,
  type Root,
  seed,
} from '../support/images.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { type CommandOptions, runCommand } from '../support/run-command.ts';
import { digestOfTag, tagCases, tagContents } from '../support/version-tags.ts';

const name = 'team/app';
const status = (code: number): Fault => ({ kind: 'status', status: code });
const heads = { method: 'HEAD', path: /\/manifests\// };
const gets = { method: 'GET', path: /\/manifests\// };

async function registryWith(tags: string, options: RegistryOptions = {}): Promise<TestRegistry> {
  const registry = await registryForTest({ tagOrder: 'created', ...options });
  for (const [tag, content] of tagContents(tags)) {
    registry.putManifest(name, tag, 'text/plain', content);
  }
  return registry;
}

async function check(
  registry: TestRegistry,
  source: object = {},
  others: Partial<CommandOptions> & { version?: object } = {},
) {
  const { version, ...options } = others;
  const clock = createFakeClock();
  const { answer, stderr } = await runCommand(runCheck, {
    request: {
      source: { repository: `${registry.host}/${name}`, ...source },
      ...(version ? { version } : {}),
    },
    clock,
    ...options,
  });
  return { answer: answer === undefined ? undefined : JSON.parse(answer), stderr, clock };
}

/** The tags that were requested by HEAD, sorted. */
function askedTags(registry: TestRegistry): string[] {
  return registry.journal
    .select(heads)
    .map(({ path }) => path.split('/').at(-1) ?? '')
    .sort();
}

describe('the tags that check requests', () => {
  it.each<[string, string, object, string]>([
    ['versions and latest only', 'a 1.0.0 b 1.2.3.4 latest', {}, '1.0.0 latest'],
    ['no prereleases', '1.0.0 1.1.0-rc.1 2.0.0-foo', {}, '1.0.0'],
    [
      'prereleases with known names only',
      '1.0.0 1.1.0-rc.1 2.0.0-foo',
      { pre_releases: true },
      '1.0.0 1.1.0-rc.1',
    ],
    [
      'versions that satisfy the constraint only',
      '1.0.0 1.2.0 1.2.5 2.0.0 latest',
      { semver_constraint: '~1.2' },
      '1.2.0 1.2.5',
    ],
    ['the variant only', '1.0.0 1.0.0-foo 1.0.0-bar foo latest', { variant: 'foo' }, '1.0.0-foo foo'],
    ['tags that match the pattern only', '1.0.0 gray grey green', { tag_regex: '^gr[ae]y$' }, 'gray grey'],
  ])('are limited to %s', async (_name, tags, source, expected) => {
    const registry = await registryWith(tags);
    const { answer } = await check(registry, source);
    expect(answer).toBeDefined();
    expect(askedTags(registry)).toEqual(expected.split(' ').sort());
    expect(registry.journal.select(gets)).toEqual([]);
  });

  it('include older versions if the cursor has moved, each tag once', async () => {
    const registry = await registryWith('1.0.0 1.1.0 1.2.0 latest');
    await check(registry, {}, { version: { tag: '1.1.0', digest: 'bogus' } });
    expect(askedTags(registry)).toEqual(['1.0.0', '1.1.0', '1.2.0', 'latest']);
  });

  it('are only source.tag if it is set', async () => {
    const registry = await registryWith('1.0.0 latest');
    await check(registry, { tag: '1.0.0', tag_regex: '.*', semver_constraint: '1' });
    expect(registry.journal.lines).toEqual(['GET /v2/', `HEAD /v2/${name}/manifests/1.0.0`]);
  });
});

describe('check of many tags', () => {
  /** The versions that result from requests for one tag after the other, as in upstream. */
  function oneByOne(tags: readonly [string, string][]): Version[] {
    const plan = planLookUps(
      tags.map(([tag]) => tag),
      { variant: '', preReleases: true, preReleasePrefixes: [] },
    );
    const contents = new Map(tags);
    const digests = new Map<string, string>();
    for (const { tag } of plan.first) {
      digests.set(tag, digestOf(Buffer.from(contents.get(tag) ?? '')));
    }
    return selectVersions(plan, digests);
  }

  it('requests the digests of 1,000 tags concurrently, with the result of one after the other', async () => {
    const tags = Array.from({ length: 1000 }, (_, n): [string, string] => [
      n % 7 === 0 ? `${n % 90}.${n % 11}` : `${n % 90}.${n % 11}.${n}${n % 5 === 0 ? '-rc.1' : ''}`,
      `content ${n % 600}`,
    ]);
    const registry = await registryForTest({ tagOrder: 'created', pageSize: 100 });
    for (const [tag, content] of tags) {
      registry.putManifest(name, tag, 'text/plain', content);
    }
    const made = [...new Map(tags)];
    // The first response is held until as many requests have arrived as are sent at once.
    const until = registry.journal.arrived(heads, 32);
    registry.faults.add({ ...heads, times: 32, fault: { kind: 'hold', until } });
    const { answer } = await check(registry, { pre_releases: true });
    expect(answer).toEqual(oneByOne(made));
    expect(registry.journal.select({ path: /tags\/list/ })).toHaveLength(Math.ceil(made.length / 100));
    expect(registry.journal.maxConcurrent(heads)).toBe(32);
    // One more connection is the ping over https, which fails.
    expect(registry.connections).toBeLessThanOrEqual(34);
  });

  it('reports the same versions in whatever order the requests end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(tagCases.slice(0, 30), { minLength: 1, maxLength: 1 }),
        fc.infiniteStream(fc.nat(4)),
        async ([row], turns) => {
          const { tags, source = {}, answer: expected } = row ?? { tags: '', answer: '' };
          const registry = await startRegistry({ tagOrder: 'created' });
          try {
            for (const [tag, content] of tagContents(tags)) {
              registry.putManifest(name, tag, 'text/plain', content);
            }
            registry.faults.add(
              ...tagContents(tags).map(([tag]): FaultRule => {
                const until = later(turns.next().value ?? 0);
                return { ...heads, path: `/v2/${name}/manifests/${tag}`, fault: { kind: 'hold', until } };
              }),
            );
            const version = row?.cursor === undefined ? undefined : cursorOf(row.cursor);
            const { answer } = await check(registry, source, version ? { version } : {});
            expect(answer.map(({ tag }: Version) => tag).join(' ')).toBe(expected);
          } finally {
            await registry.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  function cursorOf(text: string): Version {
    const [[tag, content] = ['', '']] = tagContents(text);
    return { tag, digest: digestOf(Buffer.from(content)) };
  }

  async function later(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

describe('check of a registry that fails', () => {
  it.each<[string, FaultRule['fault']]>([
    ['408', { kind: 'status', status: 408 }],
    ['429', { kind: 'status', status: 429 }],
    ['500', { kind: 'status', status: 500 }],
    ['502', { kind: 'status', status: 502 }],
    ['503', { kind: 'status', status: 503 }],
    ['504', { kind: 'status', status: 504 }],
    ['520', { kind: 'status', status: 520 }],
    ['a reset', { kind: 'reset' }],
  ])('retries HEAD after %s and sends no GET', async (_name, fault) => {
    const registry = await registryWith('latest');
    registry.faults.add({ ...heads, times: 3, fault });
    const { answer, clock, stderr } = await check(registry, { tag: 'latest' });
    expect(answer).toEqual([{ tag: 'latest', digest: digestOfTag('latest', 'latest') }]);
    expect(registry.journal.select(heads)).toHaveLength(4);
    expect(registry.journal.select(gets)).toEqual([]);
    expect(waitsOf(clock)).toHaveLength(3);
    expect(stderr.match(/WARN.*transient error: /g)).toHaveLength(3);
  });

  it.each<[string, Fault]>([
    ['400', { kind: 'status', status: 400 }],
    ['403', { kind: 'status', status: 403 }],
    ['405', { kind: 'status', status: 405 }],
    ['501', { kind: 'status', status: 501 }],
    ['200 without a digest', { kind: 'headers', headers: { 'docker-content-digest': undefined } }],
    [
      '200 with another kind of digest',
      { kind: 'headers', headers: { 'docker-content-digest': 'sha512:12' } },
    ],
    ['200 without a type', { kind: 'headers', headers: { 'content-type': undefined } }],
    ['200 without a length', { kind: 'chunked' }],
  ])('sends a GET after %s without a retry', async (_name, fault) => {
    const registry = await registryWith('latest');
    registry.faults.add({ ...heads, fault });
    const { answer, clock } = await check(registry, { tag: 'latest' });
    expect(answer).toEqual([{ tag: 'latest', digest: digestOfTag('latest', 'latest') }]);
    expect(registry.journal.select(gets)).toHaveLength(1);
    expect(waitsOf(clock)).toEqual([]);
  });

  it.each([429, 503])('ends within 30 s if the registry keeps responding %i', async (status) => {
    const registry = await registryWith('latest');
    registry.faults.add({ ...heads, fault: { kind: 'status', status, headers: { 'retry-after': '5' } } });
    const { answer, clock, stderr } = await check(registry, { tag: 'latest' });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`${status}`);
    expect(stderr).toContain('checking origin');
    expect(sum(waitsOf(clock))).toBeLessThanOrEqual(30_000);
    expect(registry.journal.select(heads).length).toBeLessThanOrEqual(5);
  });

  it('pauses all requests after one 429', async () => {
    const tags = Array.from({ length: 60 }, (_, n) => `${n}.0.0`).join(' ');
    const registry = await registryWith(tags);
    const together = Promise.withResolvers<void>();
    const refusal = { kind: 'status', status: 429, headers: { 'retry-after': '8' } } as const;
    registry.faults.add({
      ...heads,
      times: 32,
      fault: { kind: 'hold', until: together.promise, next: refusal },
    });
    const clock = createFakeClock('manual');
    const outcome = check(registry, {}, { clock });
    await clock.untilSleeping(1);
    clock.advance(300);
    await registry.journal.arrived(heads, 32);
    together.resolve();
    await clock.untilSleeping(32);
    expect(registry.journal.select(heads)).toHaveLength(32);
    clock.advance(8_000);
    expect((await outcome).answer).toHaveLength(60);
    expect(registry.journal.select(heads)).toHaveLength(92);
  });

  it('retries a token request after 429, and does not treat its 404 as a missing image', async () => {
    const registry = await registryWith('latest', { auth: { kind: 'bearer' } });
    registry.faults.add({ path: '/token', times: 2, fault: { kind: 'status', status: 429 } });
    expect((await check(registry, { tag: 'latest' })).answer).toHaveLength(1);
    registry.faults.add({ path: '/token', fault: { kind: 'status', status: 404 } });
    const { answer, stderr } = await check(registry, { tag: 'latest' });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('requesting a token for');
  });

  it('requests a new token if the registry refuses one between requests', async () => {
    const tags = Array.from({ length: 50 }, (_, n) => `${n}.0.0`).join(' ');
    const registry = await registryWith(tags, { auth: { kind: 'bearer', usesPerToken: 30 } });
    expect((await check(registry)).answer).toHaveLength(50);
    expect(registry.tokens.length).toBeGreaterThan(1);
    expect(registry.tokens.length).toBeLessThan(6);
  });
});

describe('check with a tag list that fails', () => {
  it.each<[string, Fault]>([
    ['is truncated', { kind: 'truncate', after: 5 }],
    ['is reset', { kind: 'reset', after: 5 }],
    ['responds 503', { kind: 'status', status: 503 }],
  ])('requests a tag list again that %s', async (_name, fault) => {
    const registry = await registryWith('1.0.0');
    registry.faults.add({ path: /tags\/list/, times: 1, fault });
    expect((await check(registry)).answer).toHaveLength(1);
  });

  it.each<[string, Fault, string]>([
    ['is refused', { kind: 'status', status: 403 }, 'DENIED'],
    [
      'is no list of strings',
      { kind: 'status', status: 200, body: '{"tags":"all"}' },
      'is not a list of strings',
    ],
    [
      'links to itself',
      { kind: 'status', status: 200, headers: { link: '<?again>' }, body: '{"tags":[]}' },
      'does not end',
    ],
    [
      'links to another host',
      { kind: 'status', status: 200, headers: { link: '<http://169.254.169.254/x>' }, body: '{"tags":[]}' },
      'not on the registry',
    ],
  ])('fails for a tag list that %s', async (_name, fault, message) => {
    const registry = await registryWith('1.0.0');
    registry.faults.add({ path: /tags\/list/, fault });
    const { answer, stderr } = await check(registry);
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`list repository tags of ${registry.host}/${name}`);
    expect(stderr).toContain(message);
  });

  it('leaves out listed tags that do not exist', async () => {
    const registry = await registryWith('1.0.0 2.0.0 latest');
    registry.faults.add(
      { ...heads, path: /2\.0\.0$/, fault: { kind: 'status', status: 404 } },
      { ...heads, path: /latest$/, fault: { kind: 'status', status: 404 } },
    );
    expect((await check(registry)).answer).toEqual([{ tag: '1.0.0', digest: digestOfTag('1.0.0', '1.0.0') }]);
    expect(registry.journal.select(gets)).toEqual([]);
  });
});

describe('a check of tags of which a policy blocks one', () => {
  it.each([412, 451])('leaves it out after %i, with a warning', async (code) => {
    const registry = await registryWith('1.0.0 2.0.0');
    registry.faults.add({ path: /2\.0\.0$/, fault: status(code) });
    for (const source of [{}, { tag_regex: '.*' }]) {
      const { answer, stderr } = await check(registry, source);
      expect(answer).toEqual([{ tag: '1.0.0', digest: digestOfTag('1.0.0', '1.0.0') }]);
      expect(stderr).toMatch(/WARN.*left out the tag 2\.0\.0, which a policy of the registry blocks: GET /);
    }
  });
});

describe('check with created_at_sort', () => {
  const source = { tag_regex: '.*', created_at_sort: true };

  /** The tags `new`, `old` and `odd`, in this order, and the faults that make the last one odd. */
  async function withOddTag(odd: Root, ...faults: readonly FaultRule[]) {
    const registry = await registryWith('');
    seed(registry, name, 'new', await buildImage({ created: '2024-01-02T00:00:00Z' }));
    seed(registry, name, 'old', await buildImage({ created: '2024-01-01T00:00:00Z' }));
    seed(registry, name, 'odd', odd);
    registry.faults.add(...faults);
    const { answer, stderr } = await check(registry, source);
    return { tags: answer?.map(({ tag }: Version) => tag), stderr };
  }

  /** An image whose config is this string. */
  async function imageWith(content: string): Promise<Image> {
    const image = await buildImage();
    const config = { ...image.config, bytes: Buffer.from(content), digest: digestOf(Buffer.from(content)) };
    const manifest = { ...JSON.parse(image.bytes.toString()), config: descriptorOf(config) };
    return { ...image, ...jsonDocument(image.mediaType, manifest), config };
  }

  const schema1 = jsonDocument(mediaTypes.dockerManifestSchema1Signed, { schemaVersion: 1, fsLayers: [] });
  const missing: Fault = { kind: 'status', status: 404 };

  it.each<[string, () => Root | Promise<Root>, FaultRule[], string]>([
    ['an empty index', () => buildIndex([]), [], 'no child with platform'],
    ['a schema 1 manifest', () => ({ ...schema1, children: [] }), [], 'Docker schema 1 manifest'],
    ['a lost manifest', () => buildImage(), [{ ...gets, path: /odd$/, fault: missing }], 'NOT_FOUND'],
    ['a blocked manifest', () => buildImage(), [{ ...gets, path: /odd$/, fault: status(403) }], 'DENIED'],
    ['a config that is not JSON', () => imageWith('{'), [], 'is not a JSON document'],
    ['a config that is a list', () => imageWith('[]'), [], 'is not a JSON object'],
    ['a malformed time', () => imageWith('{"created":"yesterday"}'), [], '"created" must be a time'],
    ['a time that is a number', () => imageWith('{"created":1}'), [], '"created" must be a string'],
    [
      'a manifest that is not JSON',
      () => ({ ...jsonDocument('text/plain', 1), children: [] }),
      [],
      'not a JSON',
    ],
  ])('counts %s as the oldest, with one warning', async (_name, build, faults, reason) => {
    const { tags, stderr } = await withOddTag(await build(), ...faults);
    expect(tags, stderr).toEqual(['odd', 'old', 'new']);
    expect(stderr).toMatch(/WARN.*tags without a creation time count as the oldest: odd \(/);
    expect(stderr).toContain(reason);
    expect(stderr.match(/WARN/g)).toHaveLength(1);
  });

  it.each([
    ['is lost', missing],
    ['has another digest', { kind: 'flip' }],
  ] as const)('counts an image whose config %s as the oldest', async (_name, fault) => {
    const image = await buildImage({ created: '2024-01-03T00:00:00Z' });
    const { tags, stderr } = await withOddTag(image, { path: new RegExp(image.config.digest), fault });
    expect(tags, stderr).toEqual(['odd', 'old', 'new']);
  });

  it.each([
    ['for another platform', { platform: { os: 'linux', architecture: 's390x' } }],
    ['whose config has members of a wrong type', { run: { Entrypoint: '/bin/x', Cmd: 'a', Labels: [] } }],
  ])('sorts an image %s by its time', async (_name, options) => {
    const image = await buildImage({ created: '2024-01-01T12:00:00Z', ...options });
    const { tags, stderr } = await withOddTag(buildIndex([image]));
    expect({ tags, stderr }).toEqual({ tags: ['old', 'odd', 'new'], stderr: '' });
  });

  it('lists odd tags in the order of the registry, and explains three of them', async () => {
    const registry = await registryWith('');
    for (const tag of ['e', 'd', 'c', 'b', 'a']) {
      seed(registry, name, tag, buildIndex([], { annotations: { tag } }));
    }
    const { answer, stderr } = await check(registry, source);
    expect(answer.map(({ tag }: Version) => tag)).toEqual(['e', 'd', 'c', 'b', 'a']);
    expect(stderr).toMatch(/oldest: e \(.*\), d \(.*\), c \(.*\) and 2 more/);
  });

  it.each<[string, Fault, string]>([
    ['503', { kind: 'status', status: 503 }, '503'],
    ['401', { kind: 'status', status: 401 }, 'UNAUTHORIZED'],
    ['a reset', { kind: 'reset' }, 'the connection broke'],
  ])('fails for %s, which says nothing about the image', async (_name, fault, reason) => {
    const { tags, stderr } = await withOddTag(await buildImage(), { ...gets, path: /odd$/, fault });
    expect(tags).toBeUndefined();
    expect(stderr).toContain(reason);
  });

  it('sorts an image without a creation time first, and images of one time as listed', async () => {
    const registry = await registryWith('');
    for (const [tag, created] of [
      ['new', '2024-01-01T00:00:00.000000002Z'],
      ['b', '2024-01-01T00:00:00.000000001Z'],
      ['a', '2024-01-01T01:00:00.000000001+01:00'],
      ['never', '0001-01-01T00:00:00Z'],
    ] as const) {
      seed(registry, name, tag, await buildImage({ created, run: { Env: [tag] } }));
    }
    const { answer } = await check(registry, source);
    expect(answer.map(({ tag }: Version) => tag)).toEqual(['never', 'b', 'a', 'new']);
  });

  it('uses the platform of the host if none is set', async () => {
    const registry = await registryWith('');
    const images = await Promise.all(
      ['amd64', 's390x'].map((architecture) => buildImage({ platform: { os: 'linux', architecture } })),
    );
    seed(registry, name, 'a', buildIndex(images));
    await check(registry, source, { platform: { os: 'linux', architecture: 's390x' } });
    expect(registry.journal.lines).toContain(`GET /v2/${name}/manifests/${images[1]?.digest}`);
    expect(registry.journal.lines).not.toContain(`GET /v2/${name}/manifests/${images[0]?.digest}`);
  });
});

/** The waits of a clock without the head start of https in the ping. */
function waitsOf(clock: FakeClock): readonly number[] {
  expect(clock.waits[0]).toBe(300);
  return clock.waits.slice(1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
