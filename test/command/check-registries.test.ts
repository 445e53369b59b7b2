// check on a fake clock: the cursor, mirrors, missing tags and expired certificates, with requests and log.
import { beforeEach, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { authority, serverKeys } from '../support/certificates.ts';
import type { Fault } from '../support/fault.ts';
import { type Image, seed } from '../support/images.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCommand } from '../support/run-command.ts';
import { staticImage } from '../support/test-images.ts';

const repository = 'team/app';

let images: readonly Image[];
let origin: TestRegistry;

beforeEach(async () => {
  images = await Promise.all(['a', 'b', 'c', 'd'].map((text) => staticImage(text)));
  origin = await registryForTest();
});

/** Tags images: `1.0→0` tags the first one. */
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
    // No test connects to Docker Hub.
    environment: { HTTPS_PROXY: 'http://127.0.0.1:1' },
  });
  const versions: { tag: string; digest: string }[] = answer === undefined ? [] : JSON.parse(answer);
  return { answer, tags: versions.map(({ tag }) => tag), stderr };
}

const digestOf = (number: number) => images[number]?.digest ?? '';
const asked = (registry: TestRegistry) =>
  registry.journal.lines.filter((line) => line.startsWith('HEAD')).map((line) => line.split('/').at(-1));

describe('a cursor without a tag in source', () => {
  it('does not report a latest that points at a version older than the cursor', async () => {
    fill(origin, '1.0→0, 2.0→1, 3.0→2, latest→0');
    const { tags } = await check({}, { tag: '2.0', digest: digestOf(1) });
    expect(tags).toEqual(['2.0', '3.0']);
    expect(asked(origin).sort()).toEqual(['1.0', '2.0', '3.0', 'latest']);
  });

  it('reports a latest that points at a digest without a version', async () => {
    fill(origin, '1.0→0, 2.0→1, latest→3');
    expect((await check({}, { tag: '2.0', digest: digestOf(1) })).tags).toEqual(['2.0', 'latest']);
  });

  it('requests no version older than the cursor if latest is one of the newer versions', async () => {
    fill(origin, '1.0→0, 1.1→3, 2.0→1, 3.0→2, latest→2');
    expect((await check({}, { tag: '2.0', digest: digestOf(1) })).tags).toEqual(['2.0', '3.0']);
    expect(asked(origin).sort()).toEqual(['2.0', '3.0', 'latest']);
  });

  it('requests older versions from the newest on until one has the digest of latest', async () => {
    const old = Array.from({ length: 100 }, (_, minor) => `1.${minor}→0`).join(', ');
    fill(origin, `${old}, 2.0→1, latest→3`);
    fill(origin, '1.90→3');
    expect((await check({}, { tag: '2.0', digest: digestOf(1) })).tags).toEqual(['2.0']);
    expect(asked(origin)).toContain('1.99');
    expect(asked(origin)).not.toContain('1.50');
  });
});

describe('a cursor whose digest the registry refuses to look up', () => {
  it.each<[string, Fault]>([
    ['400', { kind: 'status', status: 400 }],
    ['401', { kind: 'status', status: 401 }],
    ['403', { kind: 'status', status: 403 }],
    ['429', { kind: 'status', status: 429, headers: { 'retry-after': '60' } }],
    ['500', { kind: 'status', status: 500 }],
    ['a reset', { kind: 'reset' }],
  ])('is left out after %s without a retry, with a warning', async (_name, fault) => {
    const cursor = digestOf(1);
    fill(origin, 'stable→0, old→1');
    origin.faults.add({ path: `/v2/${repository}/manifests/${cursor}`, fault });
    const { answer, stderr } = await check({ tag: 'stable' }, { tag: 'stable', digest: cursor });
    expect(answer).toBe(`[{"tag":"stable","digest":"${digestOf(0)}"}]\n`);
    expect(stderr).toMatch(/WARN.*left out the previous version, which the registry refuses to look up: /);
    expect(stderr).not.toContain('retrying');
    expect(asked(origin).filter((reference) => reference === cursor)).toHaveLength(1);
  });
});

describe('the mirrors of a check', () => {
  let first: TestRegistry;
  let second: TestRegistry;
  const serving = (registry: TestRegistry, more: object = {}) => ({
    host: registry.host,
    for: origin.host,
    ...more,
  });

  beforeEach(async () => {
    [first, second] = [await registryForTest(), await registryForTest()];
    fill(origin, 'stable→0');
  });

  it('tries mirrors of any registry in order and reports the version of the first that has the image', async () => {
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

  it('uses the registry itself if no mirror has the image', async () => {
    const { answer } = await check({ tag: 'stable', registry_mirror: [serving(first), serving(second)] });
    expect(answer).toBe(`[{"tag":"stable","digest":"${digestOf(0)}"}]\n`);
    expect([first, second].map(({ requests }) => requests.length)).toEqual([2, 2]);
  });

  it('does not use the mirrors of another registry', async () => {
    fill(first, 'stable→1');
    const { answer } = await check({
      tag: 'stable',
      registry_mirror: [{ host: first.host, for: 'ghcr.io' }, { host: first.host }, first.host],
    });
    expect(answer).toContain(digestOf(0));
    expect(first.connections).toBe(0);
  });

  it('uses a mirror for Docker Hub by default, without the credentials of Docker Hub', async () => {
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

  it('logs in to a mirror with the credentials of the mirror', async () => {
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

  it('does not log a password that a mirror sends back', async () => {
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
    [
      'sends a long Retry-After',
      { kind: 'status', status: 429, headers: { 'retry-after': '3600' } } as const,
      2,
    ],
    ['refuses', { kind: 'status', status: 403 } as const, 1],
  ])('skips a mirror that %s after two attempts at most', async (_name, fault, tries) => {
    first.faults.add({ path: '/v2/', fault });
    const { answer, stderr } = await check({ tag: 'stable', registry_mirror: serving(first) });
    expect(answer).toContain(digestOf(0));
    expect(first.requests).toHaveLength(tries);
    expect(stderr).toMatch(/WARN.*checking mirror .* failed/);
  });

  it.each<[string, Fault, string]>([
    ['refuses', { kind: 'status', status: 403 }, 'DENIED'],
    ['is rate limited', { kind: 'status', status: 429 }, '429'],
    ['resets the connection', { kind: 'reset' }, 'the connection broke'],
  ])(
    'logs the reason if the mirror, and then the registry, %s after the ping',
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

  it('tries a mirror that refuses connections twice, then the next one', async () => {
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

  it('fails for an invalid host of a mirror before any request', async () => {
    const { answer, stderr } = await check({ registry_mirror: { host: 'https://m.test', for: origin.host } });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('registry_mirror.host must be a host or host:port');
    expect(origin.connections).toBe(0);
  });
});

describe('the log of a check with a tag', () => {
  it('has one line for a tag that does not exist', async () => {
    const { answer, stderr } = await check({ tag: 'gone' });
    expect(answer).toBe('[]\n');
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringContaining(`WARN\x1b[0m[0000] ${origin.host}/${repository}:gone does not exist`),
    ]);
  });

  it('is empty for a tag that exists', async () => {
    fill(origin, 'here→0');
    expect(await check({ tag: 'here' })).toMatchObject({ tags: ['here'], stderr: '' });
  });
});

describe('the log of a check with ca_certs', () => {
  beforeEach(() => fill(origin, 'stable→0'));

  it('warns about an expired certificate in ca_certs', async () => {
    const { tags, stderr } = await check({ tag: 'stable', ca_certs: [authority, serverKeys.expired.cert] });
    expect(tags).toEqual(['stable']);
    expect(stderr).toContain('ca_certs[1] expired on 2001-01-01');
    expect(stderr).not.toContain('ca_certs[0]');
  });

  it('does not warn about an entry of ca_certs with an expired and a valid certificate', async () => {
    const { stderr } = await check({ tag: 'stable', ca_certs: [`${serverKeys.expired.cert}${authority}`] });
    expect(stderr).toBe('');
  });
});
