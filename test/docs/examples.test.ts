// The console examples of all pages run as they stand, against the registry that the demo keeps up.
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

const documentedHost = '127.0.0.1:5055';

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
      const [command = '', ...output] = text.split('\n');
      return { command, output: output.join('\n') };
    });
}

/**
 * What an output says: without colours, times and the order of lines, which differ from run to run.
 */
function comparable(output: string): string[] {
  return output
    .replace(/\x1b\[\d+m/g, '')
    .replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/gm, 'DATE')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .sort();
}

let demo: ChildProcessByStdio<null, Readable, null>;
let host = '';
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'examples-'));
  demo = spawn(process.execPath, ['test/support/demo.ts', '--keep'], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: demo.stdout })) {
    [, host = ''] = /^The registry stays up at ([\d.:]+)/.exec(line) ?? [];
    if (host !== '') {
      return;
    }
  }
});

afterAll(async () => {
  if (demo.exitCode === null) {
    demo.kill('SIGTERM');
    await once(demo, 'close');
  }
  await rm(folder, { recursive: true, force: true });
});

it('the demo says where its registry stays up', () => expect(host).toMatch(/^127\.0\.0\.1:\d+$/));

it('the README has examples', () => expect(pages.map(({ path }) => path)).toContain('README.md'));

describe.each(pages)('the examples of $path', ({ commands }) => {
  it('print what the page says', async () => {
    const directory = await mkdtemp(join(folder, 'page-'));
    await symlink(join(repositoryRoot, 'bin'), join(directory, 'bin'));
    for (const { command, output } of commands) {
      const here = (text: string) => text.replaceAll(documentedHost, host);
      const script = `exec 2>&1; ${here(command)}`;
      const { stdout } = await runProgram('/bin/sh', ['-c', script], { workingDirectory: directory });
      expect(comparable(stdout), command).toEqual(comparable(here(output)));
    }
  });
});

it('the demo ends when it is told to', async () => {
  demo.kill('SIGTERM');
  const [code] = await once(demo, 'close');
  expect(code).toBe(0);
});
