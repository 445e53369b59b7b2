// The name that the executable was started under → program; the only place that ends the process.
import { basename } from 'node:path';
import type { Program } from './process/program.ts';

const resourcePrograms: readonly string[] = ['check', 'in', 'out'];

/** Each program is bundled to a file of its own, and only that is loaded: most of a check is the start of its process. */
const programs: ReadonlyMap<string, () => Promise<{ readonly start: Program }>> = new Map([
  ['check', () => import('./program/check.ts')],
  ['in', () => import('./program/in.ts')],
  ['out', () => import('./program/out.ts')],
  ['registry-image', () => import('./program/registry-image.ts')],
]);

/**
 * The words after the executable, with the name of a program first: that of a link to the executable, or the first
 * argument. The programs of the resource are commands of registry-image too.
 */
function invocation(): readonly string[] {
  const link = basename(process.argv0);
  const words = programs.has(link) ? [link, ...process.argv.slice(2)] : process.argv.slice(2);
  const [first = '', second = ''] = words;
  const isResource = first === 'registry-image' && resourcePrograms.includes(second);
  return isResource ? words.slice(1) : words;
}

const words = invocation();
const load = programs.get(words[0] ?? '');
const loaded = load?.() ?? import('./program/overview.ts');
loaded.then(({ start }) => start(load ? words.slice(1) : words, (status) => process.exit(status)));
