// Requests with a mistake: the message names the key and the mistake, and no request is sent.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { type ExecutableName, runExecutable } from '../support/run.ts';

let registry: TestRegistry;
let artifacts: string;

beforeAll(async () => {
  registry = await startRegistry();
  artifacts = mkdtempSync(join(tmpdir(), 'wrong-requests-'));
  writeFileSync(join(artifacts, 'image.tar'), await dockerArchive(await buildImage(), { layout: 'classic' }));
  writeFileSync(join(artifacts, 'empty'), ' \r\n');
  writeFileSync(join(artifacts, 'metadata'), '1.2.3+b5\n');
  writeFileSync(join(artifacts, 'words'), 'one two\n');
});

afterAll(async () => {
  await registry.close();
  rmSync(artifacts, { recursive: true });
});

const put = { image: 'image.tar' };

interface Mistake {
  readonly source?: object;
  readonly params?: object;
}

async function run(command: ExecutableName, { source, params }: Mistake, { host } = registry) {
  const version = { tag: 'latest', digest: `sha256:${'0'.repeat(64)}` };
  const request = {
    source: { repository: `${host}/team/app`, ...source },
    ...(params ? { params } : {}),
    ...(command === 'in' ? { version } : {}),
  };
  return await runExecutable(command, { request, ...(command === 'check' ? {} : { directory: artifacts }) });
}

describe('a request with a mistake', () => {
  it.each<[string, ExecutableName, Mistake, string, string]>([
    [
      'a user and password in the repository',
      'check',
      { source: { repository: 'https://user:topsecret@registry.test/team/app' } },
      'https://xxxxx@registry.test/team/app',
      'source.username and source.password',
    ],
    [
      'a user and password in a mirror',
      'in',
      { source: { repository: 'app', registry_mirror: { host: 'https://user:topsecret@registry.test' } } },
      'registry_mirror.host must be a host or host:port: "https://xxxxx@registry.test"',
      'leave out the scheme',
    ],
    [
      'a scheme of another tool in the repository',
      'check',
      { source: { repository: 'docker://registry.test/team/app' } },
      '"docker://registry.test/team/app" is a URL',
      'leave out the scheme: write registry.test/team/app',
    ],
    [
      'a registry without a path',
      'check',
      { source: { repository: 'localhost:5000' } },
      'could not resolve repository',
      'a registry is followed by the path of the repository: localhost:5000/team/app',
    ],
    [
      'a tag with a line feed',
      'check',
      { source: { tag: '1.2.3\n' } },
      'source.tag: no registry can have the tag "1.2.3\\n"',
      'remove the white space',
    ],
    [
      'a tag with a slash',
      'check',
      { source: { tag: 'a/b' } },
      'source.tag: no registry can have the tag "a/b"',
      'leave out registry and repository',
    ],
    [
      'a tag of 129 characters',
      'check',
      { source: { tag: 'x'.repeat(129) } },
      'has 129 characters',
      'at most 128',
    ],
    [
      'a digest as the tag',
      'check',
      { source: { tag: `sha256:${'0'.repeat(64)}` } },
      'it is a digest',
      'a digest goes into version',
    ],
    [
      'a key in the wrong place',
      'out',
      { source: { image: 'image.tar' }, params: put },
      'invalid payload: unknown field "source.image"',
      'image belongs to the params of a put',
    ],
    [
      'an absent image',
      'out',
      { params: { version: '1.2.3' } },
      'params.image is missing: could not load image from path',
      'such as image/*.tar',
    ],
    [
      'build metadata in params.version',
      'out',
      { params: { ...put, version: '1.2.3+b5' } },
      'params.version: no registry can have the tag "1.2.3+b5"',
      'push the tag 1.2.3_b5 instead',
    ],
    [
      'build metadata in the version file',
      'out',
      { params: { ...put, version_file: 'metadata' } },
      'params.version_file: no registry can have the tag "1.2.3+b5"',
      'build metadata',
    ],
    [
      'a version file without a version',
      'out',
      { params: { ...put, version_file: 'words' } },
      'words": invalid semantic version: "one two"',
      'a version looks like',
    ],
    [
      'a variant that no tag can have',
      'out',
      { source: { variant: 'a/b' }, params: { ...put, version: '1.2.3' } },
      'source.variant: no registry can have the tag "1.2.3-a/b"',
      'a tag consists of',
    ],
    [
      'an empty file of tags, and no other tag',
      'out',
      { params: { ...put, additional_tags: 'empty' } },
      'empty" of params.additional_tags lists no tag',
      "need either 'version:'",
    ],
  ])('fails before any request with a message about %s', async (_, command, mistake, message, hint) => {
    const { status, stdout, stderr } = await run(command, mistake);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^hint: /m);
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain('this is a bug');
    expect(stderr).not.toContain('topsecret');
    expect(registry.requests).toEqual([]);
  });
});

describe('a request with a key that has no effect', () => {
  it.each<[string, ExecutableName, Mistake, string]>([
    [
      'created_at_sort',
      'check',
      { source: { created_at_sort: true } },
      'source.created_at_sort has no effect',
    ],
    [
      'pre_release_prefixes',
      'check',
      { source: { pre_release_prefixes: ['dev'] } },
      'source.pre_release_prefixes has no effect',
    ],
    [
      'registry_mirror',
      'check',
      { source: { registry_mirror: { host: '127.0.0.1:1' } } },
      'source.registry_mirror[0] has no effect: it mirrors "index.docker.io"',
    ],
    [
      'a password with a line feed',
      'check',
      { source: { username: 'user', password: 'topsecret\n' } },
      'source.password ends with a line break',
    ],
    [
      'bump_aliases',
      'out',
      { params: { ...put, tags: ['1.0'], bump_aliases: true } },
      'params.bump_aliases has no effect',
    ],
  ])('succeeds with a warning about %s', async (_, command, mistake, warning) => {
    const other = await registryForTest();
    seed(other, 'team/app', 'latest', await buildImage());
    const { status, stderr } = await run(command, mistake, other);
    expect(status).toBe(0);
    expect(stderr).toContain(warning);
    expect(stderr).not.toContain('topsecret');
  });
});

it('accepts a repository with a slash at its end, in check and out', async () => {
  await using registry = await startRegistry();
  const source = { repository: `${registry.host}/team/app/`, tag: '1.0' };
  const pushed = await runExecutable('out', { request: { source, params: put }, directory: artifacts });
  expect(pushed).toMatchObject({ status: 0 });
  expect(JSON.parse(pushed.stdout).metadata[0].value).toBe(`${registry.host}/team/app`);
  const checked = await runExecutable('check', { request: { source } });
  expect(JSON.parse(checked.stdout)).toEqual([JSON.parse(pushed.stdout).version]);
  expect(registry.requests.every(({ path }) => !path.includes('//'))).toBe(true);
});
