// Puts that promote, through the executable between two real docker-registries: a release as in the example, and by tag.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, buildIndex, descriptorOf } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { imageWith } from '../support/promotion.ts';
import { pushImage } from '../support/push-image.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describeServices(['docker-registry', 'skopeo'], 'a put that promotes between docker-registries', () => {
  let staging: DockerRegistry;
  let production: DockerRegistry;

  beforeAll(async () => {
    [staging, production] = await Promise.all([startDockerRegistry(), startDockerRegistry()]);
  });
  afterAll(() => Promise.all([staging, production].map((registry) => registry?.close())));

  async function out(directory: string, repository: string, params: object) {
    const { status, stdout, stderr } = await runExecutable('out', {
      request: { source: { repository }, params },
      directory,
    });
    return { status, stderr, answer: stdout === '' ? undefined : JSON.parse(stdout), stdout };
  }

  /** What skopeo says about an image. */
  async function skopeo(reference: string) {
    const args = ['inspect', '--tls-verify=false', '--no-tags', `docker://${reference}`];
    const { status, stdout, stderr } = await runProgram('skopeo', args);
    return { status, stderr, digest: status === 0 ? JSON.parse(stdout).Digest : undefined };
  }

  async function tagsOf(repository: string): Promise<string[]> {
    const { status, stdout } = await runProgram('skopeo', [
      ...['list-tags', '--tls-verify=false', `docker://${repository}`],
    ]);
    return status === 0 ? JSON.parse(stdout).Tags.sort() : [];
  }

  it('releases an index of the images of each architecture, which a prerelease does not replace', async () => {
    const directory = await temporaryDirectory();
    const from = `${staging.host}/release/app`;
    const to = `${production.host}/release/app`;
    const release = async (version: string) => {
      for (const architecture of ['amd64', 'arm64']) {
        const layers = [[file(`${version}-${architecture}`)]];
        const image = await buildImage({ format: 'docker', layers, platform: { os: 'linux', architecture } });
        await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
        const tags = [`${version}-${architecture}`];
        const pushed = await out(directory, from, { image: 'image.tar', tags, unique_suffix: 'timestamp' });
        expect(pushed.status, pushed.stderr).toBe(0);
        expect(pushed.answer.version.tag).toMatch(new RegExp(`^${version}-${architecture}-\\d{12}$`));
        await mkdir(join(directory, architecture), { recursive: true });
        await writeFile(join(directory, architecture, 'repository'), from);
        await writeFile(join(directory, architecture, 'digest'), pushed.answer.version.digest);
      }
      const index = await out(directory, from, {
        manifests: [{ get: 'amd64' }, { get: 'arm64' }],
        annotations: { 'org.opencontainers.image.version': version },
        tags: [version],
        unique_suffix: 'timestamp',
      });
      expect(index.status, index.stderr).toBe(0);
      const { digest } = index.answer.version;
      return { digest, published: await out(directory, to, publish(digest, version)) };
    };
    const publish = (digest: string, version: string) => ({
      from: { repository: from, digest },
      version,
      bump_aliases: true,
      immutable_tags: true,
    });

    const final = await release('1.2.3');
    expect(final.published.status, final.published.stderr).toBe(0);
    expect(final.published.answer.version.digest).toBe(final.digest);
    for (const tag of ['1', '1.2', '1.2.3', 'latest']) {
      expect((await skopeo(`${to}:${tag}`)).digest, tag).toBe(final.digest);
    }
    const early = await release('1.3.0-rc.1');
    expect(early.published.status, early.published.stderr).toBe(0);
    expect(await tagsOf(to)).toEqual(['1', '1.2', '1.2.3', '1.3.0-rc.1', 'latest']);
    expect((await skopeo(`${to}:latest`)).digest).toBe(final.digest);

    const again = await out(directory, to, publish(early.digest, '1.2.3'));
    expect({ status: again.status, stdout: again.stdout }).toEqual({ status: 1, stdout: '' });
    expect((await skopeo(`${to}:1.2.3`)).digest).toBe(final.digest);
  });

  it('promotes the image of a gate by its tag, with its signatures, and deletes the temporary tag', async () => {
    const directory = await temporaryDirectory();
    const index = buildIndex([
      await imageWith('by tag'),
      await buildImage({ platform: { os: 'linux', architecture: 'arm64' } }),
    ]);
    const signature = await imageWith('signature');
    const sbom = await buildImage({
      manifest: { artifactType: 'application/spdx', subject: descriptorOf(index) },
    });
    await pushImage(staging, 'gate/app', index, 'change_42');
    await pushImage(staging, 'gate/app', signature, `sha256-${index.digest.slice(7)}.sig`);
    const list = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [descriptorOf(sbom, { artifactType: 'application/spdx' })],
    });
    await pushImage(staging, 'gate/app', sbom, 'sbom');
    const listed = await fetch(`${staging.url}/v2/gate/app/manifests/sha256-${index.digest.slice(7)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
      body: list,
    });
    expect(listed.status).toBe(201);

    const to = `${production.host}/gate/app`;
    const forbidden = await out(directory, to, {
      from: `${staging.host}/gate/app:change_42`,
      tags: ['latest'],
      allow_repositories: ['/prod/'],
    });
    expect({ status: forbidden.status, stdout: forbidden.stdout }).toEqual({ status: 1, stdout: '' });

    const promoted = await out(directory, to, {
      from: `${staging.host}/gate/app:change_42`,
      tags: ['latest', '4.2'],
      cleanup: { tags: ['change_42'], in: 'source', strict: true },
      allow_repositories: ['/gate/'],
    });
    expect(promoted.status, promoted.stderr).toBe(0);
    expect(promoted.answer.version.digest).toBe(index.digest);
    expect((await skopeo(`${to}:4.2`)).digest).toBe(index.digest);
    const bare = `sha256-${index.digest.slice(7)}`;
    expect((await skopeo(`${to}:${bare}.sig`)).digest).toBe(signature.digest);
    const raw = ['inspect', '--raw', '--tls-verify=false', `docker://${to}:${bare}`];
    expect(JSON.parse((await runProgram('skopeo', raw)).stdout).manifests).toMatchObject([
      { digest: sbom.digest, artifactType: 'application/spdx' },
    ]);
    expect(await tagsOf(`${staging.host}/gate/app`)).not.toContain('change_42');

    const copied = join(directory, 'copied');
    const all = ['copy', '-q', '--all', '--src-tls-verify=false', `docker://${to}:latest`, `dir:${copied}`];
    expect(await runProgram('skopeo', all)).toMatchObject({ status: 0 });
    expect(await readFile(join(copied, 'manifest.json'))).toEqual(index.bytes);
  });

  it('keeps a platform, and pushes nothing where only times have changed', async () => {
    const directory = await temporaryDirectory();
    const to = `${production.host}/some/app`;
    const [amd64, arm64] = await Promise.all(
      ['amd64', 'arm64'].map((architecture) =>
        buildImage({ layers: [[file(architecture)]], platform: { os: 'linux', architecture } }),
      ),
    );
    if (!amd64 || !arm64) {
      throw new Error('two images');
    }
    await pushImage(staging, 'some/app', buildIndex([amd64, arm64]), 'multi');
    const one = await out(directory, to, {
      from: `${staging.host}/some/app:multi`,
      platforms: ['linux/arm64'],
      tags: ['arm'],
    });
    expect(one.status, one.stderr).toBe(0);
    const raw = ['inspect', '--raw', '--tls-verify=false', `docker://${to}:arm`];
    const { manifests } = JSON.parse((await runProgram('skopeo', raw)).stdout);
    expect(manifests).toMatchObject([{ digest: arm64.digest }]);

    const build = async (created: string, content: string) => {
      const image = await buildImage({ format: 'docker', created, layers: [[file(content)]] });
      await writeFile(join(directory, 'image.tar'), await dockerArchive(image));
      return await out(directory, to, { image: 'image.tar', tags: ['daily'], only_if_changed: true });
    };
    const first = await build('2026-01-01T00:00:00Z', 'a');
    const same = await build('2026-01-02T00:00:00Z', 'a');
    expect(same.answer.version, same.stderr).toEqual(first.answer.version);
    const changed = await build('2026-01-03T00:00:00Z', 'b');
    expect(changed.answer.version.digest).not.toBe(first.answer.version.digest);
    expect((await skopeo(`${to}:daily`)).digest).toBe(changed.answer.version.digest);
  });
});
