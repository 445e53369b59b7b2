// check on a fake clock: which registry is asked, what of it is reported, and what is said about it.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { authority, serverKeys } from '../support/certificates.ts';
import type { Fault } from '../support/fault.ts';
import { type Image, seed } from '../support/images.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runCommand } from '../support/run-command.ts';
import { staticImage } from '../support/test-images.ts';

const repository = 'team/app';

let images: readonly Image[];
let origin: TestRegistry;

async function newRegistry(): Promise<TestRegistry> {
  const registry = await startRegistry();
  onTestFinished(() => registry.close());
  return registry;
}

beforeEach(async () => {
  images = await Promise.all(['a', 'b', 'c', 'd'].map((text) => staticImage(text)));
  origin = await newRegistry();
});

/** Puts images under tags: `1.0→0` is the first one. */
function fill(registry: TestRegistry, content: string): void {
  for (const entry of content.split(', ')) {
    const [tag = '', number = ''] = entry.split('→');
    const image = images[Number(number)];
    if (image) {
      seed(registry, repository, tag, image);
    }
  }
}

async function check(source: object = {}, version?: { tag: string; digest: string }) {
  const { answer, stderr } = await runCommand(runCheck, {
    request: {
      source: { repository: `${origin.host}/${repository}`, ...source },
      ...(version ? { version } : {}),
    },
    // Docker Hub refuses connections here, whatever the test does.
    environment: { HTTPS_PROXY: 'http://127.0.0.1:1' },
  });
  const versions: { tag: string; digest: string }[] = answer === undefined ? [] : JSON.parse(answer);
  return { answer, tags: versions.map(({ tag }) => tag), stderr };
}

const digestOf = (number: number) => images[number]?.digest ?? '';
const asked = (registry: TestRegistry) =>
  registry.journal.lines.filter((line) => line.startsWith('HEAD')).map((line) => line.split('/').at(-1));

describe('a cursor in semver mode', () => {
  it('keeps a latest that points at an older version from being reported as the newest', async () => {
    fill(origin, '1.0→0, 2.0→1, 3.0→2, latest→0');
    const { tags } = await check({}, { tag: '2.0', digest: digestOf(1) });
    expect(tags).toEqual(['2.0', '3.0']);
    expect(asked(origin).sort()).toEqual(['1.0', '2.0', '3.0', 'latest']);
  });

  it('lets a latest of its own be reported', async () => {
    fill(origin, '1.0→0, 2.0→1, latest→3');
    expect((await check({}, { tag: '2.0', digest: digestOf(1) })).tags).toEqual(['2.0', 'latest']);
  });

  it('asks for nothing below it as long as latest is one of the versions from it on', async () => {
    fill(origin, '1.0→0, 1.1→3, 2.0→1, 3.0→2, latest→2');
    expect((await check({}, { tag: '2.0', digest: digestOf(1) })).tags).toEqual(['2.0', '3.0']);
    expect(asked(origin).sort()).toEqual(['2.0', '3.0', 'latest']);
  });

  it('asks for older versions in steps from the highest on, until one explains latest', async () => {
    const old = Array.from({ length: 100 }, (_, minor) => `1.${minor}→0`).join(', ');
    fill(origin, `${old}, 2.0→1, latest→3`);
    fill(origin, '1.90→3');
    expect((await check({}, { tag: '2.0', digest: digestOf(1) })).tags).toEqual(['2.0']);
    expect(asked(origin)).toContain('1.99');
    expect(asked(origin)).not.toContain('1.50');
  });
});

describe('mirrors', () => {
  let first: TestRegistry;
  let second: TestRegistry;
  const serving = (registry: TestRegistry, more: object = {}) => ({
    host: registry.host,
    for: origin.host,
    ...more,
  });

  beforeEach(async () => {
    [first, second] = [await newRegistry(), await newRegistry()];
    fill(origin, 'stable→0');
  });

  it('of any registry are asked in order, and the first one that has the image answers', async () => {
    fill(second, 'stable→1');
    const { answer, stderr } = await check({
      tag: 'stable',
      registry_mirror: [serving(first), serving(second)],
    });
    expect(answer).toBe(`[{"tag":"stable","digest":"${digestOf(1)}"}]\n`);
    expect(first.journal.lines).toEqual(['GET /v2/', `HEAD /v2/${repository}/manifests/stable`]);
    expect(origin.connections).toBe(0);
    expect(stderr).toContain(`mirror ${first.host}/${repository} has no version of the image`);
  });

  it('that all lack the image are followed by the registry itself', async () => {
    const { answer } = await check({ tag: 'stable', registry_mirror: [serving(first), serving(second)] });
    expect(answer).toBe(`[{"tag":"stable","digest":"${digestOf(0)}"}]\n`);
    expect([first, second].map(({ requests }) => requests.length)).toEqual([2, 2]);
  });

  it('of another registry are not asked', async () => {
    fill(first, 'stable→1');
    const { answer } = await check({
      tag: 'stable',
      registry_mirror: [{ host: first.host, for: 'ghcr.io' }, { host: first.host }, first.host],
    });
    expect(answer).toContain(digestOf(0));
    expect(first.connections).toBe(0);
  });

  it('are those of Docker Hub unless told otherwise, and never get the credentials of the origin', async () => {
    fill(first, 'stable→1');
    const { answer } = await check({
      repository,
      tag: 'stable',
      username: 'origin',
      password: 'origin-password',
      registry_mirror: { host: first.host },
    });
    expect(answer).toContain(digestOf(1));
    expect(first.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it('have credentials of their own', async () => {
    fill(first, 'stable→1');
    await check({
      tag: 'stable',
      username: 'origin',
      password: 'origin-password',
      registry_mirror: serving(first, { username: 'mirror', password: 'mirror-password' }),
    });
    const sent = Buffer.from('mirror:mirror-password').toString('base64');
    expect(first.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, `Basic ${sent}`]);
  });

  it('that repeat a password do not give it away', async () => {
    const body = 'no access for mirror-password';
    first.faults.add({ path: '/v2/', fault: { kind: 'status', status: 400, body } });
    const { stderr } = await check({
      tag: 'stable',
      registry_mirror: ['other.test', serving(first, { username: 'mirror', password: 'mirror-password' })],
    });
    expect(stderr).toContain('no access for ');
    expect(stderr).not.toContain('mirror-password');
  });

  it.each([
    ['is overloaded', { kind: 'status', status: 503 } as const, 2],
    ['asks for patience', { kind: 'status', status: 429, headers: { 'retry-after': '3600' } } as const, 2],
    ['refuses', { kind: 'status', status: 403 } as const, 1],
  ])('one that %s is given up after two tries at most', async (_name, fault, tries) => {
    first.faults.add({ path: '/v2/', fault });
    const { answer, stderr } = await check({ tag: 'stable', registry_mirror: serving(first) });
    expect(answer).toContain(digestOf(0));
    expect(first.requests).toHaveLength(tries);
    expect(stderr).toMatch(/WARN.*checking mirror .* failed/);
  });

  it.each<[string, Fault, string]>([
    ['refuses', { kind: 'status', status: 403 }, 'DENIED'],
    ['is busy', { kind: 'status', status: 429 }, '429'],
    ['breaks the connection', { kind: 'reset' }, 'the connection broke'],
  ])(
    'one that %s after the ping is told with its reason, and so is the registry',
    async (_name, fault, reason) => {
      for (const registry of [first, origin]) {
        registry.faults.add({ path: /manifests/, fault });
      }
      const { answer, stderr } = await check({ tag: 'stable', registry_mirror: serving(first) });
      expect(answer).toBeUndefined();
      expect(stderr).toMatch(
        new RegExp(`WARN.*checking mirror ${first.host}/${repository} failed: .*${reason}`),
      );
      expect(stderr).toMatch(
        new RegExp(`ERRO.*checking origin ${origin.host}/${repository} failed: .*${reason}`),
      );
    },
  );

  it('where nothing accepts connections are tried twice, then the next', async () => {
    await first.close();
    fill(second, 'stable→1');
    const { answer, stderr } = await check({
      tag: 'stable',
      registry_mirror: [serving(first), serving(second)],
    });
    expect(answer).toContain(digestOf(1));
    expect(stderr.match(/transient error/g)).toHaveLength(1);
    expect(stderr).toContain('ECONNREFUSED');
  });

  it('with a host that can be no registry are an error before any traffic', async () => {
    const { answer, stderr } = await check({ registry_mirror: { host: 'https://m.test', for: origin.host } });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('registry_mirror.host must be a host or host:port');
    expect(origin.connections).toBe(0);
  });
});

describe('a tag that does not exist', () => {
  it('is no version, and one line that says so', async () => {
    const { answer, stderr } = await check({ tag: 'gone' });
    expect(answer).toBe('[]\n');
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringContaining(`WARN\x1b[0m[0000] ${origin.host}/${repository}:gone does not exist`),
    ]);
  });

  it('is not missed when it is there', async () => {
    fill(origin, 'here→0');
    expect(await check({ tag: 'here' })).toMatchObject({ tags: ['here'], stderr: '' });
  });
});

describe('an entry of ca_certs', () => {
  beforeEach(() => fill(origin, 'stable→0'));

  it('that expired is a warning', async () => {
    const { tags, stderr } = await check({ tag: 'stable', ca_certs: [authority, serverKeys.expired.cert] });
    expect(tags).toEqual(['stable']);
    expect(stderr).toContain('ca_certs[1] expired on 2001-01-01');
    expect(stderr).not.toContain('ca_certs[0]');
  });

  it('that holds a certificate beside an expired one is none', async () => {
    const { stderr } = await check({ tag: 'stable', ca_certs: [`${serverKeys.expired.cert}${authority}`] });
    expect(stderr).toBe('');
  });
});
