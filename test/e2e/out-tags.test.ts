// out as Concourse runs it: immutable tags, and tags that move together or not at all, on a real registry.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ProgramResult } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import type { ReceivedRequest } from '../support/exchange.ts';
import { dockerArchive } from '../support/image-files.ts';
import { plainRequest } from '../support/plain-client.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import type { Reply } from '../support/reply.ts';
import { runExecutable } from '../support/run.ts';
import { staticImage } from '../support/test-images.ts';

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'out-tags-'));
  for (const name of ['old', 'new']) {
    const image = await staticImage(`${name}\n`);
    writeFileSync(join(folder, `${name}.tar`), await dockerArchive(image, { layout: 'classic' }));
  }
  writeFileSync(join(folder, 'version'), 'v1.2.3\n');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const put = (host: string, path: string, params: object): Promise<ProgramResult> =>
  runExecutable('out', {
    request: { source: { repository: `${host}/${path}`, insecure: true }, params },
    directory: folder,
  });

const versionOf = ({ stdout, stderr }: ProgramResult): { tag: string; digest: string } => {
  expect(stderr).not.toContain('ERRO');
  return JSON.parse(stdout).version;
};

const texts = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

describeServices(['docker-registry'], 'a put to docker-registry', () => {
  let registry: DockerRegistry;

  beforeAll(async () => {
    registry = await startDockerRegistry();
  });

  afterAll(() => registry.close());

  const digestAt = async (path: string, tag: string): Promise<string | undefined> => {
    const url = `${registry.url}/v2/${path}/manifests/${tag}`;
    const accept = 'application/vnd.docker.distribution.manifest.v2+json';
    const { headers } = await plainRequest(url, { method: 'HEAD', headers: { accept } });
    return headers['docker-content-digest']?.toString();
  };

  it('publishes a version from a file and inline tags, and changes nothing the second time', async () => {
    const params = { image: 'new.tar', version_file: 'version', tags: ['edge'], immutable_tags: true };
    const first = versionOf(await put(registry.host, 'app', params));
    expect(first.tag).toBe('1.2.3');
    expect(await digestAt('app', 'edge')).toBe(first.digest);
    const again = await put(registry.host, 'app', params);
    expect(versionOf(again)).toEqual(first);
    expect(again.stderr).toContain(`existing manifest: 1.2.3@${first.digest}`);
  });

  it('fails at an immutable tag, or skips or moves it as on_conflict says', async () => {
    const tags = { tags: ['1.0'], immutable_tags: true };
    const old = versionOf(await put(registry.host, 'immutable', { image: 'old.tar', ...tags }));
    const failed = await put(registry.host, 'immutable', { image: 'new.tar', ...tags });
    expect(failed).toMatchObject({ status: 1, stdout: '' });
    expect(failed.stderr).toContain(`1.0 points at ${old.digest}`);
    expect(failed.stderr).not.toContain('pushed');

    const skip = { image: 'new.tar', ...tags, on_conflict: 'skip' };
    expect(versionOf(await put(registry.host, 'immutable', skip))).toEqual(old);
    const move = { image: 'new.tar', ...tags, on_conflict: 'move' };
    const moved = versionOf(await put(registry.host, 'immutable', move));
    expect(moved.digest).not.toBe(old.digest);
    expect(await digestAt('immutable', '1.0')).toBe(moved.digest);
  });

  const passOn = async ({ method, path, query, headers, body }: ReceivedRequest): Promise<Reply> => {
    const target = `${registry.url}${path}?${query}`;
    const sent = { ...texts(headers), 'content-length': String(body.length) };
    const reply = await plainRequest(target, { method, headers: sent, body });
    return { ...reply, headers: texts(reply.headers) };
  };

  it('restores a tag under which the registry stored another manifest than was sent', async () => {
    const old = versionOf(await put(registry.host, 'changed', { image: 'old.tar', tags: ['latest'] }));
    let changes = 0;
    // A proxy before the registry changes what is put under the tag, once.
    const front = await startRecordingServer({
      answer: (request) => {
        const isChanged = request.method === 'PUT' && request.path.endsWith('/latest') && changes++ === 0;
        return passOn(
          isChanged ? { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) } : request,
        );
      },
    });
    try {
      const { status, stdout, stderr } = await put(front.host, 'changed', {
        image: 'new.tar',
        tags: ['latest'],
      });
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(/the registry says that it stored sha256:\w+, but sha256:\w+ was sent/);
      expect(stderr).toContain(`/changed:latest: put back to ${old.digest}`);
      expect(await digestAt('changed', 'latest')).toBe(old.digest);
    } finally {
      await front.close();
    }
  });

  it('restores a tag that moved, and lists one that cannot be removed again', async () => {
    const old = versionOf(await put(registry.host, 'torn', { image: 'old.tar', tags: ['latest'] }));
    // A proxy before the registry refuses one tag, like a rule of the registry.
    const front = await startRecordingServer({
      faults: [{ method: 'PUT', path: '/v2/torn/manifests/refused', fault: { kind: 'status', status: 400 } }],
      answer: (request) => passOn(request),
    });
    try {
      const params = { image: 'new.tar', tags: ['latest', 'new', 'refused'] };
      const { status, stdout, stderr } = await put(front.host, 'torn', params);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain(`/torn:latest: put back to ${old.digest}`);
      expect(stderr).toMatch(/those that had moved were put back, except new, which did not exist \(DELETE /);
      expect(stderr).toContain('hint: correct by hand what is listed');
      expect(await digestAt('torn', 'latest')).toBe(old.digest);
      expect(await digestAt('torn', 'new')).toMatch(/^sha256:/);
      expect(await digestAt('torn', 'refused')).toBeUndefined();
    } finally {
      await front.close();
    }
  });
});
