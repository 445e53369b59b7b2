// The working directory holds artifacts of users: no file in it may configure or run anything.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeHostileDirectory } from '../support/hostile-directory.ts';
import { buildImage, seed } from '../support/images.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runExecutable } from '../support/run.ts';

let folder: string;
let hostile: string;
let registry: TestRegistry;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'isolation-'));
  hostile = join(folder, 'artifacts');
  registry = await startRegistry();
  seed(registry, 'repository', 'latest', await buildImage());
  await writeHostileDirectory(hostile);
});

afterAll(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('hostile files in the working directory have no effect on', () => {
  // A proxy is never used for 127.0.0.1; for this name of the same machine the one in the .env would be.
  const source = () => ({ repository: `0.0.0.0:${registry.port}/repository`, insecure: true });

  it.each(['check', 'in', 'out'] as const)('%s', async (name) => {
    const request = name === 'out' ? { source: source(), params: { image: 'none' } } : { source: source() };
    const options = name === 'check' ? { request } : { request, directory: hostile };
    const inside = await runExecutable(name, { ...options, workingDirectory: hostile });
    const outside = await runExecutable(name, { ...options, workingDirectory: folder });
    expect(inside).toEqual(outside);
    expect(readdirSync(folder)).toEqual(['artifacts']);
  });

  it('a check, which reaches the registry', async () => {
    const result = await runExecutable('check', { request: { source: source() }, workingDirectory: hostile });
    expect(result.status).toBe(0);
  });
});
