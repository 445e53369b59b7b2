// Node keeps compiled code beside the bundle, and does without it where it cannot.
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../support/child-process.ts';
import { repositoryRoot } from '../support/run.ts';

let folder: string;
let kept: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compiled-code-'));
  kept = join(folder, 'compiled');
  for (const file of ['registry-image-resource.cjs', 'check.cjs']) {
    cpSync(join(repositoryRoot, 'dist', file), join(folder, file));
  }
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The help of check, from the copied bundle. */
async function help(): Promise<string> {
  const bundle = join(folder, 'registry-image-resource.cjs');
  const { status, stdout, stderr } = await runProgram(process.execPath, [bundle, 'check', '--help'], {
    environment: { TEST: 'true' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: check/);
  return stdout;
}

function keptFiles(): string[] {
  return readdirSync(kept, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

it('is kept beside the bundle, and read by the next run', async () => {
  const first = await help();
  const files = keptFiles();
  expect(files).not.toEqual([]);
  expect(await help()).toBe(first);
  expect(keptFiles()).toEqual(files);
});

it('does no harm when it is damaged', async () => {
  const first = await help();
  for (const file of keptFiles()) {
    writeFileSync(file, 'damaged');
  }
  expect(await help()).toBe(first);
});

it('is left out where its directory cannot be made', async () => {
  writeFileSync(kept, 'a file in its place');
  await help();
});
