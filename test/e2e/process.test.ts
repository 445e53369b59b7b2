// The executables as processes: exit status, signals, streams and links.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverKeys } from '../support/certificates.ts';
import { runProgram } from '../support/child-process.ts';
import { buildImage, seed } from '../support/images.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { executablePath, repositoryRoot, runExecutable } from '../support/run.ts';

const names = ['check', 'in', 'out'] as const;
const environment = { TEST: 'true' };

/** Whether script(1) is here, which gives a program a terminal. */
const hasScript = spawnSync('script', ['--version']).status === 0;

let folder: string;
let registry: TestRegistry;
let request: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'process-'));
  registry = await startRegistry();
  seed(registry, 'repository', 'latest', await buildImage());
  request = JSON.stringify({ source: { repository: `${registry.host}/repository`, insecure: true } });
});

afterAll(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program whose standard input stays open until it has ended. */
async function runWithOpenInput(program: string, args: readonly string[]) {
  const child = spawn(program, args, { env: environment });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'exit');
  const [stdout, stderr] = await output;
  return { code, stdout, stderr };
}

describe.each(names)('%s', (name) => {
  it('fails with status 1, one error line and nothing on stdout for an invalid request', async () => {
    const result = await runExecutable(name, { request: '[]' });
    expect(result.status).toBe(1);
    expect(result.stdout).toBe('');
    expect(result.stderr.match(/ERRO/g)).toHaveLength(1);
    expect(result.stderr.startsWith('\x1b[31mERRO\x1b[0m[')).toBe(true);
    expect(result.stderr).not.toContain('this is a bug');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with 128 and the number of the signal when %s interrupts the reading of its request',
    async (signal) => {
      const child = spawn(executablePath(name), [folder], { env: environment });
      const stderr = text(child.stderr);
      // More than a pipe holds: after it was written, the command is reading.
      await new Promise((resolve) => child.stdin.write(' '.repeat(4 * 1024 * 1024), resolve));
      child.kill(signal);
      const [code, endedBy] = await once(child, 'exit');
      expect({ code, endedBy }).toEqual({ code: 128 + constants.signals[signal], endedBy: null });
      expect(await stderr).toBe('interrupted\n');
    },
  );

  it('prints its usage and its version without reading standard input', async () => {
    const help = await runWithOpenInput(executablePath(name), ['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^Usage: ${name} `));
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
    expect(await runWithOpenInput(executablePath(name), ['--version'])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  it('runs through a chain of symbolic links', async () => {
    symlinkSync(executablePath(name), join(folder, name));
    const other = mkdtempSync(join(folder, 'other-'));
    symlinkSync(join('..', name), join(other, name));
    const options = { input: '', environment, workingDirectory: other };
    const { stderr, ...result } = await runProgram(join(other, name), [folder], options);
    expect(result).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('invalid payload: EOF');
  });
});

it.each(['in', 'out'] as const)('%s requires its directory before it reads standard input', async (name) => {
  const { code, stdout, stderr } = await runWithOpenInput(executablePath(name), []);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('destination path not specified');
  expect(stderr).toContain('--help');
});

it('in creates its directory', async () => {
  const directory = join(folder, 'new', 'directory');
  const { stdout } = await runExecutable('check', { request });
  const [version] = JSON.parse(stdout);
  const result = await runExecutable('in', {
    request: { ...JSON.parse(request), version, params: { skip_download: true } },
    directory,
  });
  expect(result).toMatchObject({ status: 0 });
  expect(readdirSync(directory).sort()).toEqual(['digest', 'repository', 'tag']);
});

it.runIf(hasScript)('writes on a terminal what it waits for', async () => {
  const child = spawn('script', ['-qec', executablePath('check'), '/dev/null'], {
    env: { ...environment, PATH: process.env.PATH },
  });
  child.stdin.on('error', () => {});
  let output = '';
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.includes('waiting for the request') && child.stdin.writable) {
      child.stdin.write(`${request}\n`);
    }
  }
  expect(output).toContain('waiting for the request on standard input: a JSON object, see --help');
  expect(output).toContain('[{"tag":"latest","digest":"sha256:');
});

it('answers a check with one line of JSON and status 0', async () => {
  const result = await runExecutable('check', { request });
  expect(result).toMatchObject({ status: 0 });
  expect(result.stdout).toMatch(/^\[\{"tag":"latest","digest":"sha256:[0-9a-f]{64}"\}\]\n$/);
});

it('fails when the reader of stdout is gone', async () => {
  const child = spawn(executablePath('check'), [], { env: environment });
  const stderr = text(child.stderr);
  child.stdout.destroy();
  child.stdin.end(request);
  const [code] = await once(child, 'exit');
  expect(code).toBe(1);
  expect(await stderr).toContain('writing the answer to standard output: ');
});

it.runIf(process.platform === 'linux')('fails when stdout is a full device', async () => {
  const script = 'exec "$0" > /dev/full';
  const options = { input: request, environment };
  const { status, stderr } = await runProgram('/bin/sh', ['-c', script, executablePath('check')], options);
  expect(status).toBe(1);
  expect(stderr).toContain('writing the answer to standard output: ENOSPC');
  expect(stderr).toContain('hint: standard output did not take the whole answer');
});

it('reads a request that arrives in pieces and is larger than a pipe', async () => {
  const child = spawn(executablePath('check'), [], { env: environment });
  const stdout = text(child.stdout);
  await new Promise((resolve) => child.stdin.write(' '.repeat(1024 * 1024), resolve));
  await new Promise((resolve) => child.stdin.write(request.slice(0, 9), resolve));
  child.stdin.end(request.slice(9));
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await stdout).toMatch(/^\[\{"tag":"latest"/);
});

it('answers when its request is complete, although standard input stays open', async () => {
  const child = spawn(executablePath('check'), [], { env: environment });
  const stdout = text(child.stdout);
  child.stdin.on('error', () => {});
  child.stdin.write(request);
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await stdout).toMatch(/^\[\{"tag":"latest"/);
});

it('fails when something else follows the request', async () => {
  const result = await runExecutable('check', { request: `${request}\n${request}` });
  expect(result).toMatchObject({ status: 1, stdout: '' });
  expect(result.stderr).toContain('expected nothing after the first value');
});

it('opens no debugger at SIGUSR1', async () => {
  await using silent = await startRegistry({
    faults: [{ path: '/v2/', fault: { kind: 'hold', until: new Promise(() => {}) } }],
  });
  const child = spawn(executablePath('check'), [], { env: environment });
  const stderr = text(child.stderr);
  child.stdin.end(JSON.stringify({ source: { repository: `${silent.host}/repository` } }));
  const ended = once(child, 'exit');
  await silent.journal.arrived({ path: '/v2/' });
  child.kill('SIGUSR1');
  child.kill('SIGTERM');
  await ended;
  expect(await stderr).not.toMatch(/debugger/i);
});

it('verifies certificates, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
  await using secure = await startRegistry({ tls: serverKeys.trusted });
  seed(secure, 'repository', 'latest', await buildImage());
  const { status, stderr } = await runExecutable('check', {
    request: { source: { repository: `${secure.host}/repository` } },
    environment: { ...environment, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  });
  expect(status).toBe(1);
  expect(secure.requests).toEqual([]);
  expect(stderr).toContain('NODE_TLS_REJECT_UNAUTHORIZED has no effect');
  expect(stderr).toContain('not signed by an authority that is trusted');
});

it('runs from the sources with the same answer as from the bundle', async () => {
  const main = join(repositoryRoot, 'src', 'main.ts');
  const result = await runProgram(process.execPath, [main, 'check'], { input: request, environment });
  expect(result.status).toBe(0);
  expect(result.stdout).toBe((await runExecutable('check', { request })).stdout);
});

describe('registry-image', () => {
  const program = executablePath('registry-image');

  it.each(names)('runs %s as a command of its own', async (name) => {
    const help = await runProgram(program, [name, '--help'], { environment });
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^Usage: ${name} .*< request.json`));
    const wrong = await runProgram(program, [name, folder], { input: '[]', environment });
    expect(wrong).toMatchObject({ status: 1, stdout: '' });
    expect(wrong.stderr).toContain('invalid payload');
  });

  it('answers a check as the executable of the resource does', async () => {
    const { stdout } = await runProgram(program, ['check'], { input: request, environment });
    expect(stdout).toBe((await runExecutable('check', { request })).stdout);
  });

  it('lists tags, and reports a wrong command with one error line and a hint', async () => {
    const listed = await runProgram(program, ['ls', `${registry.host}/repository`], { environment });
    expect(listed).toMatchObject({ status: 0, stdout: 'latest\n1 tag\n' });
    const wrong = await runProgram(program, ['lss'], { environment });
    expect(wrong).toMatchObject({ status: 1, stdout: '' });
    expect(wrong.stderr.match(/ERRO/g)).toHaveLength(1);
    expect(wrong.stderr).toContain('hint: did you mean ls?');
    expect(wrong.stderr).not.toContain('this is a bug');
  });
});

it('names the commands when it is started by another name', async () => {
  const main = join(repositoryRoot, 'src', 'main.ts');
  const result = await runProgram(process.execPath, [main, 'put'], { environment });
  expect(result).toMatchObject({ status: 1, stdout: '' });
  expect(result.stderr).toContain('hint: start the program as check, in, out or registry-image');
});
