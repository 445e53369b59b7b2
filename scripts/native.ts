// `npm run build:native`: builds the native executable for this machine, or for another one by `-- --arch arm64`.
import { parseArgs } from 'node:util';
import { architectureNamed } from './architecture.ts';
import { buildNativeExecutable } from './native-executable.ts';
import { runScript } from './run-script.ts';

await runScript('build:native', () => {
  const { arch } = parseArgs({ options: { arch: { type: 'string' } } }).values;
  buildNativeExecutable(architectureNamed(arch));
});
