// Programs are run with exactly what was asked for, and their memory is told without guessing.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runProgram } from './child-process.ts';
import { executablePath, repositoryRoot, runMeasured } from './run.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a program', () => {
  it('gets its input and nothing but its environment', async () => {
    const script =
      'process.stdin.pipe(process.stdout); console.error(JSON.stringify(process.env)); process.exitCode = 3';
    const environment = { TEST: 'true' };
    const result = await runProgram(process.execPath, ['-e', script], { input: 'hello', environment });
    expect(result).toEqual({ status: 3, stdout: 'hello', stderr: '{"TEST":"true"}\n' });
  });

  it('that can not be started is an error', async () => {
    await expect(runProgram('/nowhere/program', [])).rejects.toThrow('ENOENT');
  });

  it('is ended when aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(
      runProgram(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { signal }),
    ).rejects.toThrow();
  });
});

describe('measured memory', () => {
  it('is what the program needed at most, also when it gave it back or was killed', async () => {
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

  it('leaves input, output, environment and status as they are', async () => {
    const script =
      'process.stdin.pipe(process.stdout); console.error(JSON.stringify(process.env)); process.exitCode = 3';
    const options = { input: 'hello', environment: { TEST: 'true' }, workingDirectory: repositoryRoot };
    const result = await runMeasured(process.execPath, ['-e', script], options);
    expect(result).toMatchObject({ status: 3, stdout: 'hello', stderr: '{"TEST":"true"}\n' });
  });
});

describe('the executables', () => {
  it.each([
    ['node', 'bin/check'],
    ['native', 'dist/native/check'],
  ])('EXECUTABLES=%s means %s', (kind, path) => {
    vi.stubEnv('EXECUTABLES', kind);
    expect(executablePath('check')).toBe(`${repositoryRoot}/${path}`);
  });

  it('of an unknown kind are refused', () => {
    vi.stubEnv('EXECUTABLES', 'nodejs');
    expect(() => executablePath('check')).toThrow('node or native');
  });
});
