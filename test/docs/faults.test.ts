// The table of faults in docs/retries.md, row by row: each cell begins with what the command does.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { markdownTables } from '../../scripts/markdown-tables.ts';
import { runCheck } from '../../src/command/check.ts';
import { runIn } from '../../src/command/in.ts';
import { runOut } from '../../src/command/out.ts';
import type { Command } from '../../src/process/surroundings.ts';
import { serverKeys } from '../support/certificates.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { Fault, FaultRule } from '../support/fault.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import type { RegistryOptions, TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { readPage } from './pages.ts';

// A silent server is given up after a thousandth of the time.
vi.mock('../../src/transport/http-client.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/transport/http-client.ts')>();
  const createHttpClient: typeof original.createHttpClient = (options) =>
    original.createHttpClient({ ...options, timeoutDivisor: 1000 });
  return { ...original, createHttpClient };
});

type Name = 'check' | 'in' | 'out';

const repository = 'team/app';
const image: Image = await buildImage({ layers: [[file('hello', 'x'.repeat(50_000))]] });
const layer = `/v2/${repository}/blobs/${image.layers[0]?.digest}`;
const commands: Readonly<Record<Name, Command>> = { check: runCheck, in: runIn, out: runOut };

/** How a fault is brought about for one command. */
interface Setup {
  readonly rule?: FaultRule;
  readonly registry?: RegistryOptions;
  readonly source?: object;
  readonly params?: object;
  /** Called before the command starts. */
  readonly prepare?: (registry: TestRegistry) => void | Promise<void>;
  /** False for faults that cannot end here: their end is tested elsewhere. */
  readonly mayEnd?: boolean;
}

const refused = (status: number, code?: string): Fault => ({
  kind: 'status',
  status,
  body: code === undefined ? 'refused' : { errors: [{ code, message: code }] },
});
const lookUp = { path: `/v2/${repository}/manifests/1.0` };
const list = { path: `/v2/${repository}/tags/list` };
const byPattern = { tag: '', tag_regex: '.*' };

/** The same fault at the request that matters most to each command. */
const everywhere = (fault: Fault, more: Setup = {}): Record<Name, Setup> => ({
  check: { rule: { ...lookUp, fault }, ...more },
  in: { rule: { path: layer, fault }, ...more },
  out: { rule: { method: 'PATCH', fault }, ...more },
});

const closing: Setup = {
  prepare: (registry) => {
    registry.faults.add({ path: /manifests|blobs/, times: 1, fault: { kind: 'reset' } });
    void registry.journal.arrived({ path: /manifests|blobs/ }).then(() => registry.close());
  },
  mayEnd: false,
};
const closed: Setup = { prepare: (registry) => registry.close(), mayEnd: false };
const ofEach = (setup: Setup): Record<Name, Setup> => ({ check: setup, in: setup, out: setup });
const expiring = {
  auth: { kind: 'bearer', credentials: { user: 'u', password: 'p' }, usesPerToken: 3 },
} as const;

/** The setups by the first cell of each row. Where a row names several statuses, each of them has one. */
const setups: Readonly<Record<string, readonly Partial<Record<Name, Setup>>[]>> = {
  '429': [everywhere(refused(429))],
  '408, 500, 502, 503, 504': [408, 500, 502, 503, 504].map((status) => everywhere(refused(status))),
  'broken connection': [everywhere({ kind: 'reset' })],
  'response that ends early': [
    {
      check: { rule: { ...list, fault: { kind: 'truncate', after: 5 } }, source: byPattern },
      in: { rule: { path: layer, fault: { kind: 'truncate', after: 0 } } },
      out: {
        rule: { ...list, fault: { kind: 'truncate', after: 5 } },
        params: { version: '2.0.0', bump_aliases: true },
      },
    },
  ],
  'silent connection': [everywhere({ kind: 'hold', until: new Promise(() => {}) }, { mayEnd: true })],
  'no connection, after the registry has responded': [ofEach(closing)],
  'no connection before that': [ofEach(closed)],
  '400, 401, 403, 501, 505': [400, 401, 403, 501, 505].map((status) => everywhere(refused(status))),
  'a token that has expired': [ofEach({ registry: expiring, source: { username: 'u', password: 'p' } })],
  'no such tag or digest (404)': [
    {
      check: { rule: { ...lookUp, fault: refused(404) } },
      in: { rule: { path: `/v2/${repository}/manifests/${image.digest}`, fault: refused(404) } },
      out: { rule: { method: 'HEAD', path: /manifests/, fault: refused(404) } },
    },
  ],
  'a blob that is missing (404)': [
    {
      in: { rule: { path: layer, fault: refused(404) } },
      out: { rule: { method: 'HEAD', path: /blobs/, fault: refused(404) } },
    },
  ],
  'refusal of every HEAD (400, 401, 403, 405)': [400, 401, 403, 405].map((status) =>
    ofEach({ rule: { method: 'HEAD', fault: refused(status) } }),
  ),
  'content with a wrong digest': [
    {
      check: {
        rule: { ...lookUp, method: 'GET', fault: { kind: 'flip' } },
        prepare: (registry) => registry.faults.add({ method: 'HEAD', fault: refused(405) }),
      },
      in: { rule: { path: layer, fault: { kind: 'flip' } } },
    },
  ],
  'refusal to continue at a byte': [
    {
      in: {
        rule: { path: layer, fault: ({ headers }) => (headers.range ? refused(416) : undefined) },
        prepare: (registry) => {
          registry.faults.add({ path: layer, times: 1, fault: { kind: 'truncate', after: 10_000 } });
        },
      },
    },
  ],
  'a later page of the tag list is missing': [
    {
      check: paged(byPattern, {}),
      out: paged({}, { version: '2.0.0', bump_aliases: true }),
    },
  ],
  'the upload that was opened is not known': [
    { out: { rule: { method: 'PATCH', fault: refused(404, 'BLOB_UPLOAD_UNKNOWN') } } },
    { out: { rule: { method: 'PATCH', fault: refused(400, 'BLOB_UPLOAD_UNKNOWN') } } },
  ],
  'the blobs of a manifest are not known': [
    { out: { rule: { method: 'PUT', path: /manifests/, fault: refused(400, 'MANIFEST_BLOB_UNKNOWN') } } },
  ],
  '400 BLOB_UPLOAD_INVALID for an upload': [
    { out: { rule: { method: 'PATCH', fault: refused(400, 'BLOB_UPLOAD_INVALID') } } },
  ],
  'a certificate that is not trusted': [ofEach({ registry: { tls: serverKeys.selfSigned } })],
  'redirects in a circle': [everywhere({ kind: 'redirect', to: ({ path }) => path })],
  'any of these at a mirror': [429, 503, 403, 404].map((status) => {
    const setup: Setup = { rule: { path: '/v2/', fault: refused(status) } };
    return { check: setup, in: setup };
  }),
};

/** A first page that names a second one, which is not there. */
function paged(source: object, params: object): Setup {
  return {
    rule: { ...list, fault: ({ query }) => (query.has('last') ? refused(404, 'NAME_UNKNOWN') : undefined) },
    registry: { pageSize: 1 },
    prepare: (registry) => seed(registry, repository, '0.9', image),
    source,
    params,
  };
}

/** Runs a command on a registry with a fault, which applies a number of times. */
async function run(name: Name, setup: Setup, times: number, atMirror: boolean) {
  const directory = await temporaryDirectory();
  const registry = await registryForTest(setup.registry);
  const origin = atMirror ? await registryForTest() : registry;
  for (const each of [registry, origin]) {
    seed(each, repository, name === 'out' ? 'other' : '1.0', image);
  }
  if (name === 'out') {
    mkdirSync(join(directory, 'image'));
    const pushed = await buildImage({ layers: [[file('pushed')]] });
    await writeOciLayout(join(directory, 'image'), pushed, { singleImageDigest: true });
  }
  await setup.prepare?.(registry);
  if (setup.rule) {
    registry.faults.add({ ...setup.rule, times });
  }
  const clock = createFakeClock();
  const start = clock.now();
  const { answer, stderr } = await runCommand(commands[name], {
    request: {
      source: {
        repository: `${origin.host}/${repository}`,
        ...(name === 'in' ? {} : { tag: '1.0' }),
        ...(atMirror ? { registry_mirror: { host: registry.host, for: origin.host } } : {}),
        ...setup.source,
      },
      ...(name === 'in' ? { version: { tag: '1.0', digest: image.digest } } : {}),
      ...(name === 'out' ? { params: { image: 'image', ...setup.params } } : {}),
    },
    directory,
    clock,
  });
  const asked = setup.rule ? registry.journal.select(setup.rule).length : 0;
  return { answer, stderr, asked, registry, seconds: (clock.now() - start) / 1000 };
}

const units: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };

/** The longest time that a cell names, in seconds. */
function secondsOf(cell: string): number | undefined {
  const [, number, unit = ''] = /, (\d+) (s|min|h)\b/.exec(cell) ?? [];
  return number === undefined ? undefined : Number(number) * (units[unit] ?? 0);
}

const patient = /^(repeated|starts over|resumed|waited for|new upload)/;
const [table] = markdownTables(readPage('docs/retries.md').text).filter(
  ({ header }) => header[0] === 'fault',
);
const rows = (table?.rows ?? []).map(([fault = '', ...cells]) => ({
  fault: fault.replaceAll('`', ''),
  cells,
}));

it('the table has a row for each fault that is tested', () => {
  expect(rows.map(({ fault }) => fault)).toEqual(Object.keys(setups));
});

describe.each(rows)('$fault', ({ fault, cells }) => {
  const names = ['check', 'in', 'out'] as const;
  const cases = names.flatMap((name, position) => {
    const cell = cells[position] ?? '';
    const withFault = (setups[fault] ?? []).map((setup) => setup[name]);
    return cell === '–' ? [] : withFault.map((setup, number) => ({ name, cell, setup, number }));
  });
  const atMirror = fault.endsWith('at a mirror');

  it.each(cases)('$name: $cell ($number)', async ({ name, cell, setup = {} }) => {
    const longest = secondsOf(cell);
    if (patient.test(cell) && setup.mayEnd !== false) {
      const once = await run(name, setup, 1, atMirror);
      expect(once.answer, once.stderr).toBeDefined();
      expect(once.stderr).toMatch(/retrying in|waiting for it/);
    }
    if (fault === 'silent connection') {
      return;
    }
    const always = await run(name, setup, Number.POSITIVE_INFINITY, atMirror);
    if (patient.test(cell)) {
      expect(always.answer).toBeUndefined();
      expect(always.stderr).toMatch(/retrying in|waiting for it/);
      if (longest !== undefined) {
        // Before and after what the cell counts there may be waits of their own.
        expect(always.seconds).toBeLessThanOrEqual(longest + 12);
      } else {
        expect(cell).toContain('three tries');
        // A put sends two blobs at the same time.
        expect(always.asked / (name === 'out' ? 2 : 1)).toBeLessThanOrEqual(3);
        expect(always.asked).toBeGreaterThanOrEqual(3);
      }
      return;
    }
    if (!atMirror) {
      expect(always.stderr).not.toContain('retrying in');
    }
    if (cell.startsWith('fails')) {
      expect(always.answer).toBeUndefined();
      expect(always.registry.tags(repository)).not.toContain('2.0.0');
      return;
    }
    expect(always.answer, always.stderr).toBeDefined();
    expect(always.answer === '[]\n').toBe(cell === 'no version');
  });
});
