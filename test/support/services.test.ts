// Programs are found where they are installed.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findProgram, missingPrograms } from './services.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'services-'));
  await writeFile(join(folder, 'umoci'), '#!/bin/sh\n');
  vi.stubEnv('PATH', `${folder}:/nowhere`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('findProgram', () => {
  it('finds an executable file in the directories of PATH first', async () => {
    expect(findProgram('umoci')).not.toBe(join(folder, 'umoci'));
    await chmod(join(folder, 'umoci'), 0o755);
    expect(findProgram('umoci')).toBe(join(folder, 'umoci'));
    expect(missingPrograms(['umoci'])).toEqual([]);
  });
});
