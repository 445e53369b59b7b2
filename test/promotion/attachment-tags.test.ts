// Tags that are derived from a digest: nothing that a destination has under them is lost, and nothing of the source in silence.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tagStep } from '../../src/promotion/attachment-tags.ts';
import type { LayerList } from '../../src/signing/layer-list.ts';
import { buildImage, buildIndex, descriptorOf, type Image, seed } from '../support/images.ts';
import { listLayer, seedList } from '../support/layer-lists.ts';
import { imageWith, manifestFile, registryWith } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A result and the reason of its first edge. */
function withReason(result: Awaited<ReturnType<typeof runCliJson>>) {
  const [edge] = result.json.edges as { readonly reason: string }[];
  return { ...result, reason: edge?.reason };
}

const [a, b, c] = [listLayer('a'), listLayer('b'), listLayer('c')] as const;

describe('what becomes of a tag that both have', () => {
  // A word is a layer: its letter is the content, and what follows is the signature of it.
  const list = (words: string): LayerList => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: a.descriptor,
    layers: words.split(' ').flatMap((word) => (word ? listLayer(word.charAt(0), word).descriptor : [])),
  });
  it.each([
    ['sig', 'a', 'a', 'present'],
    ['sig', 'a b', 'b', 'present'],
    ['sig', 'b a', 'a b', 'present'],
    ['sig', 'a', 'b a', 'move'],
    ['sig', '', 'a', 'move'],
    ['sig', 'a', 'b', 'append'],
    ['sig', 'a b', 'b c', 'append'],
    ['sig', 'a1', 'a2', 'append'],
    ['att', 'a', 'b', 'append'],
    ['sbom', 'a', 'b', 'keep'],
    ['sbom', 'a', 'a', 'present'],
    ['sig', undefined, 'a', 'keep'],
    ['sig', 'a', undefined, 'keep'],
  ] as const)('.%s with the list %s there, and %s at the source: %s', (kind, held, offered, step) => {
    const lists = [held, offered].map((words) => (words === undefined ? undefined : list(words)));
    expect(tagStep(`sha256-0.${kind}`, lists[0], lists[1])).toBe(step);
  });
});

describe('a promotion', () => {
  let image: Image;
  let source: TestRegistry;
  let destination: TestRegistry;
  const tagOf = (kind: string) => `sha256-${image.digest.slice(7)}.${kind}`;

  beforeEach(async () => {
    image = await imageWith('signed');
    source = await registryWith({ 'staging/app:1.0': image });
    destination = await registryWith();
  });

  const layersAt = (registry: TestRegistry, repository: string, kind = 'sig') =>
    JSON.parse(String(registry.manifest(repository, tagOf(kind))?.bytes)).layers;
  const writes = () =>
    destination.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD').length;
  const promote = async (...options: string[]) => {
    const manifest = await manifestFile(source, [destination], { app: [[image, '1.0']] });
    return withReason(await runCliJson(['promote', '--manifest', manifest, '--confirm', ...options]));
  };

  it.each(['sig', 'att'])('adds what the source has under .%s to what the destination has', async (kind) => {
    seedList(source, 'staging/app', tagOf(kind), [a, b]);
    seedList(destination, 'prod/app', tagOf(kind), [b, c]);
    const { code, json } = await promote();
    expect({ code, summary: json.summary }).toMatchObject({ code: 0, summary: { copied: 1 } });
    expect(layersAt(destination, 'prod/app', kind)).toEqual([b, c, a].map(({ descriptor }) => descriptor));
    expect(String(destination.blob('prod/app', a.descriptor.digest))).toBe('a');
  });

  it('brings the list of the source as it is, where it has all that the destination has', async () => {
    const { digest } = seedList(source, 'staging/app', tagOf('sig'), [a, b]);
    seedList(destination, 'prod/app', tagOf('sig'), [b]);
    expect((await promote()).code).toBe(0);
    expect(destination.manifest('prod/app', tagOf('sig'))?.digest).toBe(digest);
  });

  it('leaves the list of the destination alone, where it has all that the source has', async () => {
    seedList(source, 'staging/app', tagOf('sig'), [a]);
    const { digest } = seedList(destination, 'prod/app', tagOf('sig'), [c, a]);
    expect((await promote()).code).toBe(0);
    expect(destination.manifest('prod/app', tagOf('sig'))?.digest).toBe(digest);
  });

  describe('with another SBOM at the destination', () => {
    let offered: string;
    let held: string;
    beforeEach(() => {
      offered = seedList(source, 'staging/app', tagOf('sbom'), [a]).digest;
      held = seedList(destination, 'prod/app', tagOf('sbom'), [b]).digest;
    });

    it.each([
      ['without permission', []],
      ['with permission for another tag', ['--allow-tag-moves', '\\.sig$']],
    ])('%s, leaves it there, and says so', async (_, options) => {
      const { code, json, reason, stderr } = await promote(...options);
      const text = `tag ${tagOf('sbom')} stays on ${held}: the source has ${offered} there`;
      expect({ code, edges: json.edges }).toMatchObject({ code: 0, edges: [{ outcome: 'copied' }] });
      expect(reason).toContain(text);
      expect(stderr).toContain(`${destination.host}/prod/app: ${text}`);
      expect(destination.manifest('prod/app', tagOf('sbom'))?.digest).toBe(held);
      expect(destination.blob('prod/app', a.descriptor.digest)).toBeUndefined();
    });

    it.each([
      ['all', []],
      ['it by the name of the image', ['^app:sha256-.*\\.sbom$']],
      ['it by the name of the repository', ['/prod/app:sha256-.*\\.sbom$']],
    ])('replaces it where --allow-tag-moves allows %s', async (_, pattern) => {
      const { code, reason } = await promote('--allow-tag-moves', ...pattern);
      expect({ code, reason }).toEqual({ code: 0, reason: '' });
      expect(destination.manifest('prod/app', tagOf('sbom'))?.digest).toBe(offered);
    });

    it('that is an index, leaves it there', async () => {
      const index = buildIndex([await buildImage()]);
      seed(destination, 'prod/app', tagOf('sbom'), index);
      const { reason } = await promote();
      expect(reason).toContain(`stays on ${index.digest}`);
      expect(destination.manifest('prod/app', tagOf('sbom'))?.digest).toBe(index.digest);
    });

    it('copies one image, leaves it there, and says so', async () => {
      const to = `${destination.host}/prod/app:1.0`;
      const { reason, stderr } = withReason(await runCliJson(['copy', `${source.host}/staging/app:1.0`, to]));
      expect(reason).toContain(`stays on ${held}`);
      expect(stderr).toContain(`tag ${tagOf('sbom')} stays on ${held}`);
      expect(destination.manifest('prod/app', tagOf('sbom'))?.digest).toBe(held);
    });
  });

  it('copies one image again, and writes nothing', async () => {
    seedList(source, 'staging/app', tagOf('sig'), [a]);
    seedList(source, 'staging/app', tagOf('sbom'), [a]);
    seedList(destination, 'prod/app', tagOf('sig'), [b]);
    seedList(destination, 'prod/app', tagOf('sbom'), [b]);
    const copy = () => runCli(['copy', `${source.host}/staging/app:1.0`, `${destination.host}/prod/app:1.0`]);
    expect((await copy()).code).toBe(0);
    const written = writes();
    expect((await copy()).code).toBe(0);
    expect(writes()).toBe(written);
  });

  it('keeps what another client appends while the content travels', async () => {
    seedList(source, 'staging/app', tagOf('sig'), [a]);
    seedList(destination, 'prod/app', tagOf('sig'), [b]);
    let left = 1;
    destination.faults.add({
      method: 'POST',
      path: /uploads/,
      fault: () => {
        if (left-- > 0) {
          seedList(destination, 'prod/app', tagOf('sig'), [b, c]);
        }
        return undefined;
      },
    });
    expect((await promote()).code).toBe(0);
    expect(layersAt(destination, 'prod/app')).toEqual([b, c, a].map(({ descriptor }) => descriptor));
  });

  it('does not replace a first signature that another client makes while that of the source travels', async () => {
    seedList(source, 'staging/app', tagOf('sig'), [a]);
    let looks = 0;
    destination.faults.add({
      method: 'HEAD',
      path: /manifests\/sha256-[0-9a-f]+\.sig$/,
      fault: () => {
        if (++looks === 2) {
          seedList(destination, 'prod/app', tagOf('sig'), [b]);
        }
        return undefined;
      },
    });
    expect((await promote()).code).toBe(0);
    expect(layersAt(destination, 'prod/app')).toEqual([b, a].map(({ descriptor }) => descriptor));
  });

  it('into a layout adds signatures to those of the layout', async () => {
    const directory = await temporaryDirectory();
    const copy = () => runCli(['copy', `${source.host}/staging/app:1.0`, `oci:${directory}:1.0`]);
    seedList(source, 'staging/app', tagOf('sig'), [b]);
    expect((await copy()).code).toBe(0);
    seedList(source, 'staging/app', tagOf('sig'), [a]);
    expect((await copy()).code).toBe(0);
    const { manifests } = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'));
    const named = manifests.find(
      ({ annotations }: { readonly annotations?: Readonly<Record<string, string>> }) =>
        annotations?.['org.opencontainers.image.ref.name'] === tagOf('sig'),
    );
    const blob = await readFile(join(directory, 'blobs', 'sha256', named.digest.slice(7)), 'utf8');
    expect(JSON.parse(blob).layers).toEqual([b, a].map(({ descriptor }) => descriptor));
  });

  it('into a tarball takes the image and not its signatures', async () => {
    seedList(source, 'staging/app', tagOf('sig'), [a]);
    const path = join(await temporaryDirectory(), 'image.tar');
    const { code, stderr } = await runCli([
      'copy',
      `${source.host}/staging/app:1.0`,
      `docker-archive:${path}`,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const back = `${destination.host}/back/app:1.0`;
    expect((await runCli(['copy', `docker-archive:${path}`, back])).code).toBe(0);
    const { config } = JSON.parse(String(destination.manifest('back/app', '1.0')?.bytes));
    expect(config.digest).toBe(image.config.digest);
  });

  it('of an index merges the signatures of its children, too', async () => {
    const index = buildIndex([image, await imageWith('other')]);
    seed(source, 'staging/app', '2.0', index);
    seedList(source, 'staging/app', tagOf('sig'), [a]);
    seedList(destination, 'prod/app', tagOf('sig'), [b]);
    const manifest = await manifestFile(source, [destination], { app: [[index, '2.0']] });
    expect((await runCli(['promote', '--manifest', manifest, '--confirm'])).code).toBe(0);
    expect(descriptorOf(index).digest).toBe(destination.manifest('prod/app', '2.0')?.digest);
    expect(layersAt(destination, 'prod/app')).toEqual([b, a].map(({ descriptor }) => descriptor));
  });
});
