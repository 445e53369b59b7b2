// Programs run with exactly the given input and environment, and their peak memory is exact.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from './child-process.ts';
import { executablePath, repositoryRoot, runMeasured } from './run.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('runProgram', () => {
  it('passes a program its input and only the given environment', async () => {
    const script =
      'process.stdin.pipe(process.stdout); console.error(JSON.stringify(process.env)); process.exitCode = 3';
    const environment = { TEST: 'true' };
    const result = await runProgram(process.execPath, ['-e', script], { input: 'hello', environment });
    expect(result).toEqual({ status: 3, stdout: 'hello', stderr: '{"TEST":"true"}\n' });
  });

  it('rejects when a program cannot be started', async () => {
    await expect(runProgram('/nowhere/program', [])).rejects.toThrow('ENOENT');
  });

  it('ends a program when it is aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(
      runProgram(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { signal }),
    ).rejects.toThrow();
  });
});

describe('runMeasured', () => {
  it('returns the peak memory of a program, also when it was killed', async () => {
    const environment = { TEST: 'true' };
    const script = (megabytes: number) =>
      `Buffer.alloc(${megabytes} << 20, 1); process.kill(process.pid, 'SIGKILL')`;
    const small = await runMeasured(process.execPath, ['-e', script(1)], { environment });
    const large = await runMeasured(process.execPath, ['-e', script(200)], { environment });
    expect(large.status).toBeNull();
    const difference = (large.peakMemory - small.peakMemory) / 2 ** 20;
    expect(difference).toBeGreaterThan(180);
    expect(difference).toBeLessThan(230);
  });

  it('passes input, output, environment and status of a measured program through', async () => {
    const script =
      'process.stdin.pipe(process.stdout); console.error(JSON.stringify(process.env)); process.exitCode = 3';
    const options = { input: 'hello', environment: { TEST: 'true' }, workingDirectory: repositoryRoot };
    const result = await runMeasured(process.execPath, ['-e', script], options);
    expect(result).toMatchObject({ status: 3, stdout: 'hello', stderr: '{"TEST":"true"}\n' });
  });
});

describe('executablePath', () => {
  it.each([
    ['node', 'bin/check'],
    ['native', 'dist/native/check'],
  ])('returns with EXECUTABLES=%s the path %s', (kind, path) => {
    vi.stubEnv('EXECUTABLES', kind);
    expect(executablePath('check')).toBe(`${repositoryRoot}/${path}`);
  });

  it('refuses an unknown value of EXECUTABLES', () => {
    vi.stubEnv('EXECUTABLES', 'nodejs');
    expect(() => executablePath('check')).toThrow('node or native');
  });
});
