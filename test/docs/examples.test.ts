// The console examples of all pages run as they stand, against the registries that two demos keep up.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/child-process.ts';
import { repositoryRoot } from '../support/run.ts';
import { allPages, codeBlocks, type Page } from './pages.ts';

/** The hosts of the pages, in the order of their names: divisions into shards depend on it. */
const documentedHosts = ['127.0.0.1:5055', '127.0.0.1:5056'];

interface Command {
  readonly command: string;
  readonly output: string;
}

const pages = allPages()
  .map((page) => ({ path: page.path, commands: commandsOf(page) }))
  .filter(({ commands }) => commands.length > 0);

function commandsOf(page: Page): Command[] {
  return codeBlocks(page)
    .filter(({ language }) => language === 'console')
    .flatMap(({ text }) => text.split(/^\$ /m).filter(Boolean))
    .map((text) => {
      const lines = text.split('\n');
      const length = lines[0]?.endsWith("<<'EOF'") ? lines.indexOf('EOF') + 1 : 1;
      return { command: lines.slice(0, length).join('\n'), output: lines.slice(length).join('\n') };
    });
}

/**
 * What an output says: without colours, times, the widths of columns and the order of lines, which differ from run to run.
 */
function comparable(output: string): string[] {
  return output
    .replace(/\x1b\[\d+m/g, '')
    .replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/gm, 'DATE')
    .replace(/^([A-Z]{4})\[\d{4}\]/gm, '$1[0000]')
    .replace(/(?<=made at )\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/ {2,}/g, '  ')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .sort();
}

type Demo = ChildProcessByStdio<null, Readable, null>;
const demos: Demo[] = [];
let hosts: string[] = [];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'examples-'));
  hosts = (await Promise.all(documentedHosts.map(startDemo))).sort();
});

/** Starts a demo, and returns the host of the registry that it keeps up. */
async function startDemo(): Promise<string> {
  const demo = spawn(process.execPath, ['test/support/demo.ts', '--keep'], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  demos.push(demo);
  for await (const line of createInterface({ input: demo.stdout })) {
    const [, host] = /^The registry stays up at ([\d.:]+)/.exec(line) ?? [];
    if (host !== undefined) {
      return host;
    }
  }
  return '';
}

afterAll(async () => {
  for (const demo of demos) {
    if (demo.exitCode === null) {
      demo.kill('SIGTERM');
      await once(demo, 'close');
    }
  }
  await rm(folder, { recursive: true, force: true });
});

it('the demo says where its registry stays up', () => {
  for (const host of hosts) {
    expect(host).toMatch(/^127\.0\.0\.1:\d+$/);
  }
});

it('the README has examples', () => expect(pages.map(({ path }) => path)).toContain('README.md'));

describe.each(pages)('the examples of $path', ({ commands }) => {
  it('print what the page says', async () => {
    const directory = await mkdtemp(join(folder, 'page-'));
    await symlink(join(repositoryRoot, 'bin'), join(directory, 'bin'));
    for (const { command, output } of commands) {
      const here = (text: string) =>
        documentedHosts.reduce((all, host, index) => all.replaceAll(host, hosts[index] ?? ''), text);
      const script = `exec 2>&1; ${here(command)}`;
      const { stdout } = await runProgram('/bin/sh', ['-c', script], { workingDirectory: directory });
      expect(comparable(stdout), command).toEqual(comparable(here(output)));
    }
  });
});

it('the demo ends by a signal', async () => {
  const [demo] = demos;
  demo?.kill('SIGTERM');
  const [code] = demo ? await once(demo, 'close') : [];
  expect(code).toBe(0);
});
