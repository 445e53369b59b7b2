// Progress bars in the build log: shown in a build of Concourse, and not elsewhere or with debug.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLogLines } from '../support/build-log.ts';
import type { FaultRule } from '../support/fault.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

let registry: TestRegistry;
let image: Image;

beforeAll(async () => {
  registry = await startRegistry();
  image = await buildImage({
    format: 'docker',
    layers: [[file('a', 'a'.repeat(5000))], [file('b', Buffer.alloc(300_000))]],
  });
  seed(registry, 'progress', 'latest', image);
});

afterAll(() => registry.close());

const names = () => image.layers.map(({ digest }) => digest.slice(7, 19));

async function get(environment: Record<string, string>, source: object = {}, from = registry) {
  const result = await runExecutable('in', {
    request: {
      source: { repository: `${from.host}/progress`, ...source },
      version: { tag: 'latest', digest: image.digest },
    },
    directory: await temporaryDirectory(),
    environment: { TEST: 'true', ...environment },
  });
  return { ...result, lines: buildLogLines(result.stderr) };
}

async function put(environment: Record<string, string>, source: object = {}) {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'image.tar'), await dockerArchive(image, { layout: 'classic' }));
  await using target = await startRegistry();
  const result = await runExecutable('out', {
    request: {
      source: { repository: `${target.host}/progress`, tag: 'latest', ...source },
      params: { image: 'image.tar' },
    },
    directory,
    environment: { TEST: 'true', ...environment },
  });
  return { ...result, lines: buildLogLines(result.stderr) };
}

const isBar = (line: string) => /^\S.* \[[=>-]+\] /.test(line);
const whole = /^\S+(?: \d\/\d)? +\[=+\] +(\S+)\/\1 .*in \d+\.\ds$/;

describe('a get in a build', () => {
  it.each(['BUILD_ID', 'ATC_EXTERNAL_URL'])('shows a bar for each layer if %s is set', async (variable) => {
    const { status, stdout, lines } = await get({ [variable]: 'http://ci.example' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: { tag: 'latest', digest: image.digest } });
    expect(stdout.trimEnd()).not.toMatch(/[\n\x1b]/);
    expect(lines[0]).toMatch(/^fetching /);
    expect(lines.slice(1).map((line) => line.slice(0, 12))).toEqual(names());
    for (const line of lines.slice(1)) {
      expect(line).toMatch(whole);
    }
  });

  it.each<[string, FaultRule['fault'] | undefined]>([
    ['shows one bar for a layer that was resumed', undefined],
    [
      'shows the bar of a layer that failed where it stopped, and the error below it',
      { kind: 'status', status: 500 },
    ],
  ])('%s', async (_what, fault) => {
    const layer = { method: 'GET', path: new RegExp(String(image.layers[1]?.digest)) };
    await using broken = await startRegistry({
      faults: [
        { ...layer, times: 1, fault: { kind: 'truncate', after: 100 } },
        ...(fault ? [{ ...layer, fault }] : []),
      ],
    });
    seed(broken, 'progress', 'latest', image);
    const { status, lines } = await get({ BUILD_ID: '1' }, {}, broken);
    const bars = lines.filter((line) => line.startsWith(String(names()[1])));
    expect(bars).toHaveLength(1);
    if (fault) {
      expect(status).toBe(1);
      expect(bars[0]).toMatch(/ \[=*>-+\] +100\.0b\/\S+ +stopped$/);
      expect(lines.findIndex((line) => line.startsWith('ERRO['))).toBeGreaterThan(
        lines.indexOf(String(bars[0])),
      );
    } else {
      expect(status).toBe(0);
      expect(bars[0]).toMatch(whole);
    }
  });
});

describe('a put in a build', () => {
  it('shows a bar for each layer that is compressed, and for each blob that is pushed', async () => {
    const { status, stdout, lines } = await put({ BUILD_ID: '1' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: { tag: 'latest' } });
    const bars = lines.filter(isBar);
    for (const bar of bars) {
      expect(bar).toMatch(whole);
    }
    const pushed = lines.flatMap((line) => / pushed blob: sha256:(\w{12})/.exec(line)?.[1] ?? []);
    expect(pushed).toHaveLength(3);
    expect(bars.map((bar) => bar.slice(0, 12)).sort()).toEqual(
      [...pushed, 'compress 1/2', 'compress 2/2'].sort(),
    );
  });
});

describe('a get or a put outside of a build', () => {
  it.each<[string, Record<string, string>, object]>([
    ['without the variables of a build', {}, {}],
    ['with empty variables', { BUILD_ID: '', ATC_EXTERNAL_URL: '' }, {}],
    ['with debug', { BUILD_ID: '1', ATC_EXTERNAL_URL: 'http://ci.example' }, { debug: true }],
  ])('shows no bars and moves no cursor %s', async (_what, environment, source) => {
    for (const { status, stderr, lines } of [
      await get(environment, source),
      await put(environment, source),
    ]) {
      expect(status, stderr).toBe(0);
      expect(lines.filter(isBar)).toEqual([]);
      expect(stderr).not.toMatch(/\x1b\[\d*[A-K]/);
    }
  });
});
