// A repository as a target: blobs are mounted from another repository of the registry, or uploaded.

import { describe, expect, it, onTestFinished } from 'vitest';
import type { ContentEvent } from '../../src/content/content-event.ts';
import { contentKind } from '../../src/content/content-graph.ts';
import { graphSource } from '../../src/content/graph-source.ts';
import { createLimiter } from '../../src/limiter.ts';
import { repositoryReader } from '../../src/registry/repository-reader.ts';
import { repositoryTarget } from '../../src/registry/repository-target.ts';
import { copy } from '../../src/transfer/copy.ts';
import type { FaultRule } from '../support/fault.ts';
import { buildImage, descriptorOf, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { startRegistry } from '../support/registry.ts';
import { openTestSession } from '../support/test-session.ts';

/** Copies an image from staging/app to prod/app of one registry; `origin` is the repository that its blobs are mounted from. */
async function copyBeside({
  faults = [],
  origin = 'staging/app',
}: {
  faults?: readonly FaultRule[];
  origin?: string;
}) {
  const registry = await startRegistry({ faults });
  onTestFinished(() => registry.close());
  const image = await buildImage({ layers: [[file('a')], [file('b')]] });
  seed(registry, 'staging/app', '1.0', image);
  const source = await openTestSession(`${registry.host}/staging/app`);
  const target = await openTestSession(`${registry.host}/prod/app`, { actions: 'push,pull' });
  const events: ContentEvent[] = [];
  const on = (event: ContentEvent) => events.push(event);
  const descriptor = descriptorOf(image);
  const graph = graphSource(
    { ...repositoryReader(source), repository: { registry: registry.host, path: origin } },
    { descriptor, kind: contentKind(descriptor.mediaType) },
    { foreign: 'keep', listedBlobs: 'refuse' },
  );
  await copy(graph, repositoryTarget(target, on), { limiter: createLimiter(1), on });
  return { registry, image, happened: events.map(({ type }) => type) };
}

describe('a copy between two repositories of one registry', () => {
  it('mounts every blob and transfers none', async () => {
    const { registry, image, happened } = await copyBeside({});
    expect(happened).toEqual(['mounted', 'mounted', 'mounted', 'stored']);
    expect(registry.journal.select({ method: 'GET', path: /blobs/ })).toEqual([]);
    expect(registry.journal.select({ method: 'PATCH' })).toEqual([]);
    const mounts = registry.requests.filter(({ method }) => method === 'POST');
    expect(mounts.map(({ query }) => [query.get('mount'), query.get('from')])).toEqual(
      [image.config, ...image.layers].map(({ digest }) => [digest, 'staging/app']),
    );
  });

  it('uploads a blob into the session that the registry opens instead of a mount', async () => {
    const { registry, image, happened } = await copyBeside({ origin: 'staging/other' });
    expect(happened).toEqual(['pushed', 'pushed', 'pushed', 'stored']);
    const count = (method: string) => registry.requests.filter((request) => request.method === method).length;
    expect([count('POST'), count('PATCH'), count('PUT')]).toEqual([3, 3, 4]);
    expect(registry.blob('prod/app', image.config.digest)).toEqual(image.config.bytes);
  });

  it.each([403, 405])('uploads a blob when mounting is refused with %i', async (status) => {
    const { registry, happened } = await copyBeside({
      faults: [{ method: 'POST', times: 1, fault: { kind: 'status', status } }],
    });
    expect(happened).toEqual(['pushed', 'mounted', 'mounted', 'stored']);
    expect(registry.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  });

  it('does not mount from the repository that it copies to', async () => {
    const { registry } = await copyBeside({ origin: 'prod/app' });
    const mounts = registry.requests.filter(({ method, query }) => method === 'POST' && query.has('mount'));
    expect(mounts).toEqual([]);
  });
});
