// Registries that answer the requests of a put otherwise than others: refused HEAD requests, late blobs, lost uploads.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FaultRule } from '../support/fault.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { putStep } from '../support/steps.ts';

const name = 'team/app';

async function registryWith(...faults: readonly FaultRule[]): Promise<TestRegistry> {
  const registry = await startRegistry({ faults });
  onTestFinished(() => registry.close());
  return registry;
}

const put = (registry: TestRegistry, params: object = {}) =>
  putStep(`${registry.host}/${name}`, params, { source: { tag: '1.0' } });

const status = (code: number) => ({ kind: 'status', status: code }) as const;

describe('a put to a registry that refuses HEAD requests', () => {
  it.each([401, 403, 405])('uploads blobs after %i for each of them', async (code) => {
    const registry = await registryWith({ method: 'HEAD', path: /\/blobs\//, fault: status(code) });
    const { version, stderr } = await put(registry);
    expect(version, stderr).toEqual({ tag: '1.0', digest: registry.manifest(name, '1.0')?.digest });
  });

  it.each([400, 401, 406])('moves tags after %i for each of them', async (code) => {
    const registry = await registryWith({ method: 'HEAD', path: /\/manifests\//, fault: status(code) });
    const { tags, stderr } = await put(registry, { version: '1.0.0', bump_aliases: true });
    expect(tags, stderr).toBe('1.0 1.0.0 latest 1 1.0');
  });

  it('fails when an immutable tag cannot be read', async () => {
    const registry = await registryWith({ method: 'HEAD', path: /\/manifests\//, fault: status(401) });
    const { status: code, stderr } = await put(registry, { immutable_tags: true });
    expect(code).toBe(1);
    expect(stderr).toContain('the registry does not say where the immutable tag 1.0 points: HEAD ');
    expect(stderr).not.toContain('use GET for details');
  });

  it('says which tag could not be restored after a failure', async () => {
    const registry = await registryWith(
      { method: 'HEAD', path: /\/manifests\//, fault: status(401) },
      { method: 'PUT', path: /\/manifests\/latest$/, fault: status(403) },
    );
    const { status: code, stderr } = await put(registry, { tags: ['latest'] });
    expect(code).toBe(1);
    expect(stderr).toContain('except 1.0, which pointed to an unknown digest');
  });
});

describe('a put to a registry that does not know blobs yet', () => {
  const unknown = (code: number) =>
    ({
      kind: 'status',
      status: code,
      body: { errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown to registry' }] },
    }) as const;

  it.each([400, 404])('repeats the PUT of the manifest after %i', async (code) => {
    const registry = await registryWith({
      method: 'PUT',
      path: /\/manifests\//,
      times: 2,
      fault: unknown(code),
    });
    const { version, stderr } = await put(registry);
    expect(version, stderr).toMatchObject({ tag: '1.0' });
    expect(registry.journal.select({ method: 'PUT', path: /\/manifests\// })).toHaveLength(3);
  });

  it('uploads the blobs again when HEAD finds them and PUT does not', async () => {
    const registry = await registryWith({
      method: 'HEAD',
      path: /\/blobs\//,
      times: 2,
      fault: { kind: 'status', status: 200 },
    });
    registry.faults.add({
      method: 'PUT',
      path: /\/manifests\//,
      fault: () => (registry.journal.select({ method: 'PATCH' }).length > 0 ? undefined : unknown(400)),
    });
    const { version, stderr } = await put(registry);
    expect(version, stderr).toMatchObject({ tag: '1.0' });
  });
});

describe('a put to a registry that loses an upload', () => {
  it.each([
    ['PATCH', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['PATCH', 404, 'NOT_FOUND'],
    ['PUT', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['PUT', 400, 'BLOB_UPLOAD_UNKNOWN'],
  ])('starts a new one after %s with %i %s', async (method, code, name) => {
    const body = { errors: [{ code: name, message: 'blob upload unknown to registry' }] };
    const registry = await registryWith({
      method,
      path: /\/blobs\/uploads\//,
      times: 2,
      fault: { kind: 'status', status: code, body },
    });
    const { version, stderr } = await put(registry);
    expect(version, stderr).toMatchObject({ tag: '1.0' });
  });
});

it('a put to a registry that sends 100 Continue before every response succeeds', async () => {
  const registry = await registryWith({ fault: { kind: 'continue' } });
  const { version, stderr } = await put(registry);
  expect(version, stderr).toMatchObject({ tag: '1.0' });
  expect(stderr).not.toContain('retrying');
});
