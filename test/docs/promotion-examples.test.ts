// The examples of promotion: requests are decoded by the resource, command lines by the program, manifests are validated.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markdownTables } from '../../scripts/markdown-tables.ts';
import { createProgram } from '../../src/cli/program.ts';
import { readSettings } from '../../src/cli/settings-file.ts';
import { readManifests } from '../../src/promotion/read-manifests.ts';
import { decodeCheckRequest, decodeInRequest, decodeOutRequest } from '../../src/request/request.ts';
import { repositoryRoot } from '../support/run.ts';
import { codeBlocks, readPage } from './pages.ts';
import { jobSteps, type Pipeline, readExample } from './pipeline-steps.ts';
import { shellCommands } from './shell-commands.ts';

const examples = join(repositoryRoot, 'docs', 'examples');
const pipelineNames = ['base-image.yml', 'promote-by-manifest.yml', 'promote-by-tag.yml', 'release.yml'];
const jobName = 'promote-job.yaml';
const page = readPage('docs/promotion.md');

const pipelines = await Promise.all(
  pipelineNames.map(async (name) => ({ name, pipeline: await readExample<Pipeline>(join(examples, name)) })),
);

it('the README of the examples names all of them', async () => {
  const { text } = readPage('docs/examples/README.md');
  const names = (await readdir(examples)).filter((name) => name !== 'README.md');
  expect([...pipelineNames, jobName, 'promotion'].sort()).toEqual(names.sort());
  expect(names.filter((name) => !text.includes(`](${name}`))).toEqual([]);
});

describe.each(pipelines)('the pipeline $name', ({ pipeline }) => {
  const steps = pipeline.jobs.flatMap((job) => jobSteps(job, pipeline.resources));
  const sources = new Map(pipeline.resources.map(({ name, source }) => [name, source]));
  const images = pipeline.resources.filter(({ type }) => type === 'image');
  const isImage = (resource: string) => images.some(({ name }) => name === resource);

  it('has resources of the type whose sources are decoded without a warning', () => {
    const types = pipeline.resource_types.map(({ source }) => source);
    expect(images).not.toEqual([]);
    for (const source of [...types, ...images.map((image) => image.source)]) {
      expect(decodeCheckRequest(JSON.stringify({ source })).warnings).toEqual([]);
    }
  });

  it('has gets and puts whose params are decoded without a warning', () => {
    for (const step of steps) {
      if (step.kind !== 'task' && isImage(step.resource)) {
        const source = sources.get(step.resource);
        const version = { tag: 'latest', digest: `sha256:${'0'.repeat(64)}` };
        const get = { source, version, params: step.getParams };
        expect(decodeInRequest(JSON.stringify(get)).warnings, step.name).toEqual([]);
        if (step.kind === 'put') {
          const put = { source, params: step.params };
          expect(decodeOutRequest(JSON.stringify(put)).warnings, step.name).toEqual([]);
        }
      }
    }
  });

  it('uses only artifacts that an earlier step has made', () => {
    for (const { name, needs, artifacts } of steps) {
      expect(
        needs.filter((need) => !artifacts.includes(need)),
        name,
      ).toEqual([]);
    }
  });

  it('shows no secret', () => {
    const text = JSON.stringify(pipeline);
    const secrets = [...text.matchAll(/"\w*(?:password|secret|token|access_key)\w*":"([^"]*)"/gi)];
    expect(secrets.filter(([, value = '']) => !value.startsWith('value-of-'))).toEqual([]);
  });
});

interface KubernetesJob {
  readonly kind: string;
  readonly spec: {
    readonly completionMode: string;
    readonly completions: number;
    readonly parallelism: number;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
}

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

const job = await readExample<KubernetesJob>(join(examples, jobName));
const containers = job.spec.template.spec.containers;

it('the indexed job counts as many shards as it has pods', () => {
  const { kind, spec } = job;
  expect([kind, spec.completionMode]).toEqual(['Job', 'Indexed']);
  expect(spec.parallelism).toBe(spec.completions);
  const counts = containers.flatMap(({ env }) => env.filter(({ name }) => name === 'SHARD_COUNT'));
  expect(counts.map(({ value }) => value)).toEqual([String(spec.completions)]);
});

it('the tasks of the pipeline for manifests carry out every shard once', () => {
  const shards = taskCommands('promote-by-manifest.yml').flatMap((words) => {
    const position = words.indexOf('--shard');
    return position < 0 ? [] : [words[position + 1]];
  });
  expect(shards).toEqual(['0/3', '1/3', '2/3']);
});

/** The command lines of the tasks of a pipeline. */
function taskCommands(file: string): string[][] {
  const { jobs, resources } = pipelines.find(({ name }) => name === file)?.pipeline ?? failure(file);
  const steps = jobs.flatMap((each) => jobSteps(each, resources));
  const tasks = steps.flatMap(({ run }) => (run ? [run] : []));
  return tasks.flatMap(([path = '', ...args]) =>
    path === 'sh' ? shellCommands(args.at(-1) ?? '') : [[path, ...args]],
  );
}

function failure(name: string): never {
  throw new Error(`there is no example ${name}`);
}

/** The command lines of a page: those of console blocks after the prompt, all of the others. */
function pageCommands(): string[][] {
  return codeBlocks(page).flatMap(({ language, text }) => {
    const script =
      language === 'console' ? [...text.matchAll(/^\$ (.*)$/gm)].map(([, line]) => line).join('\n') : text;
    return ['console', 'sh'].includes(language) ? shellCommands(script) : [];
  });
}

const commandLines = [
  ...pipelineNames.flatMap(taskCommands),
  ...containers.map(({ command, args }) => [...command, ...args]),
  ...pageCommands(),
].filter(([program = '']) => /(^|\/)registry-image$/.test(program));

it('finds command lines', () => {
  const names = new Set(commandLines.map(([, name]) => name));
  expect([...names]).toEqual(expect.arrayContaining(['validate', 'diff', 'promote', 'apply', 'audit']));
});

const runs = commandLines.map(([, ...args]) => ({ args, line: args.join(' ') }));

it.each(runs)('the program takes: $line', async ({ args }) => {
  let isRun = false;
  const program = createProgram((command) => {
    command.action(() => {
      isRun = true;
    });
    command.configureOutput({ writeErr: () => {} });
  });
  await program.parseAsync(args, { from: 'user' });
  expect(isRun).toBe(true);
});

describe('the reference of the page', () => {
  const { commands } = createProgram(() => {});
  const all = commands.map((command) => command.name());
  const rowsOf = (first: string) =>
    markdownTables(page.text)
      .filter(({ header }) => header[0] === first && header.length < 4)
      .flatMap(({ rows }) => rows);
  const code = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

  it('has exactly the commands that exist', () => {
    const rows = rowsOf('command').map(([cell = '']) => cell);
    const described = rows.flatMap(code).map((text) => text.split(' ', 1)[0]);
    expect(described.sort()).toEqual(all.toSorted());
    const answering = rows.filter((cell) => code(cell).length === 0).flatMap((cell) => cell.split(', '));
    expect(all).toEqual(expect.arrayContaining(answering));
  });
});

describe('promotion manifests', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manifests-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('of the examples are valid', async () => {
    const { manifests, errors, warnings } = await readManifests({
      thinDirectory: join(examples, 'promotion'),
    });
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    expect(manifests).toHaveLength(1);
  });

  const written = codeBlocks(page).flatMap(({ language, text }) =>
    language === 'console'
      ? [...text.matchAll(/^\$ cat > \S+ <<'EOF'\n([\s\S]*?)^EOF$/gm)].map(([, file = '']) => file)
      : language === 'yaml'
        ? [text]
        : [],
  );
  it('of the page are valid', async () => {
    const texts = written.filter((text) => /^registries:$/m.test(text) && /^images:$/m.test(text));
    expect(texts.length).toBeGreaterThan(1);
    for (const text of texts) {
      const manifest = join(folder, 'manifest.yaml');
      await writeFile(manifest, text);
      const { errors, warnings } = await readManifests({ manifest });
      expect({ errors, warnings }, text).toEqual({ errors: [], warnings: [] });
    }
  });

  it('go where the settings of the examples allow it', async () => {
    const path = join(examples, 'promotion', 'settings.yaml');
    const names = [...(await readFile(path, 'utf8')).matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    const environment = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
    const { allowDestinations, registries } = await readSettings(path, { HOME: folder, ...environment });
    const { manifests } = await readManifests({ thinDirectory: join(examples, 'promotion') });
    const prefixes = registries.map(({ prefix }) => prefix).filter((prefix) => prefix !== '');
    for (const { name, isSource } of manifests.flatMap(({ source, destinations }) => [
      { name: source.name, isSource: true },
      ...destinations.map((destination) => ({ name: destination.name, isSource: false })),
    ])) {
      expect(prefixes.filter((prefix) => name.startsWith(prefix))).toHaveLength(1);
      expect(allowDestinations.some((pattern) => pattern.matches(`${name}/hello`))).toBe(!isSource);
    }
  });
});
