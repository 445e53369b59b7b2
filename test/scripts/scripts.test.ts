// The build scripts report an error as one line, and name architectures as Node and as images do.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { architectureNamed } from '../../scripts/architecture.ts';
import { runProgram } from '../support/child-process.ts';
import { repositoryRoot } from '../support/run.ts';

describe('the build scripts', () => {
  it.each([
    ['native', ['--arch=mips'], 'build:native: the architecture must be amd64 (x64) or arm64, not "mips"'],
    ['native', ['--architecture=arm64'], "build:native: Unknown option '--architecture'"],
    ['image', ['--engine=no-such-engine'], 'image: cannot build the image: no-such-engine not installed'],
    ['image', ['--arch=riscv64'], 'image: the architecture must be amd64 (x64) or arm64, not "riscv64"'],
  ])('report an error of scripts/%s.ts as one line: %j', async (script, options, message) => {
    const path = join(repositoryRoot, 'scripts', `${script}.ts`);
    const { status, stdout, stderr } = await runProgram(process.execPath, [path, ...options]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(message)]);
  });
});

describe('architectureNamed', () => {
  it.each([
    ['amd64', 'x64'],
    ['x64', 'x64'],
    ['arm64', 'arm64'],
    ['aarch64', 'arm64'],
  ])('finds the architecture %s by any of its names', (name, node) => {
    expect(architectureNamed(name).node).toBe(node);
  });

  it('finds the architecture of this machine by default', () => {
    expect(architectureNamed().node).toBe(process.arch);
  });
});

it.each(['child_process', 'fs', 'path', 'process'])(
  'the bundle gives commander node:%s as it is: a copy of its properties would open standard input',
  (name) => {
    const bundle = readFileSync(join(repositoryRoot, 'dist', 'registry-image.cjs'), 'utf8');
    expect(bundle).toContain(`require("node:${name}")`);
    expect(bundle).not.toContain(`__toESM(require("node:${name}")`);
  },
);

it.each(['check', 'in', 'out', 'registry-image'])(
  'the program %s loads the modules of the runtime that many runs do without when they are used first',
  async (name) => {
    const path = join(repositoryRoot, 'dist', `${name}.cjs`);
    const script = `require(${JSON.stringify(path)}); console.log(process.moduleLoadList.join());`;
    const { status, stdout } = await runProgram(process.execPath, ['-e', script]);
    expect(status).toBe(0);
    const loaded = stdout.trim().split(',');
    expect(loaded).toContain('NativeModule fs');
    for (const late of ['crypto', 'tls', 'worker_threads', 'zlib']) {
      expect(loaded).not.toContain(`NativeModule ${late}`);
    }
  },
);
