// A working directory full of files that Node and Bun read by themselves: none of them may have an effect.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const proxies = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];

/**
 * Fills `directory`. Code in it that runs leaves a file whose name ends in `-ran` beside the directory; `seenAs` is the
 * directory's path for the program under test. A setting that takes effect breaks every request.
 */
export async function writeHostileDirectory(directory: string, seenAs: string = directory): Promise<void> {
  const trap = (name: string) =>
    `require('node:fs').writeFileSync(${JSON.stringify(join(dirname(seenAs), name))}, '');\n`;
  const dotenv = [
    ...proxies.map((name) => `${name}=http://127.0.0.1:1`),
    'NO_PROXY=',
    `NODE_OPTIONS=--require ${seenAs}/preload.cjs`,
    `BUN_OPTIONS=--preload ${seenAs}/preload.cjs`,
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
    'node_modules/yaml/index.js': trap('module-ran'),
    'node_modules/node:fs/index.js': trap('module-ran'),
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
}
