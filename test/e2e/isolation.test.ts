// The working directory holds what users fetched or built: nothing in it may configure or run anything.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildImage, seed } from '../support/images.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runExecutable } from '../support/run.ts';

let folder: string;
let hostile: string;
let registry: TestRegistry;

/** Code that leaves a file beside the directory, whichever way it gets to run. */
const trap = (name: string) =>
  `require('node:fs').writeFileSync(${JSON.stringify(join(folder, name))}, '');\n`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'isolation-'));
  hostile = join(folder, 'artifacts');
  registry = await startRegistry();
  seed(registry, 'repository', 'latest', await buildImage());

  const proxies = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];
  const dotenv = [
    ...proxies.map((name) => `${name}=http://127.0.0.1:1`),
    'NO_PROXY=',
    `NODE_OPTIONS=--require ${hostile}/preload.cjs`,
    `BUN_OPTIONS=--preload ${hostile}/preload.cjs`,
    'BUN_BE_BUN=1',
    'SSL_CERT_FILE=/nowhere',
  ];
  const files: Record<string, string> = {
    ...Object.fromEntries(['.env', '.env.local', '.env.production'].map((name) => [name, dotenv.join('\n')])),
    'bunfig.toml': 'preload = ["./preload.cjs"]\n[run]\npreload = ["./preload.cjs"]\n',
    'preload.cjs': trap('preload-ran'),
    'package.json': JSON.stringify({ type: 'module', imports: { '#*': './trap.cjs' }, main: './trap.cjs' }),
    'tsconfig.json': JSON.stringify({ compilerOptions: { baseUrl: '.', paths: { '*': ['./trap.cjs'] } } }),
    'trap.cjs': trap('trap-ran'),
    'node.config.json': JSON.stringify({ nodeOptions: { require: ['./preload.cjs'] } }),
    'node_modules/undici/index.js': trap('module-ran'),
    'node_modules/node:fs/index.js': trap('module-ran'),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(hostile, name, '..'), { recursive: true });
    writeFileSync(join(hostile, name), text);
  }
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
