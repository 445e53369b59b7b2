// What may import what, and what a source file looks like: rules over the text of the files.
import { posix } from 'node:path';

/** The text of every source file by its path below `src`, with slashes: `oci/digest.ts`. */
export type SourceTree = ReadonlyMap<string, string>;

/** Folder, or file directly below `src`, → those that it imports from. What these may import, it may too. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  log: [],
  limiter: [],
  concurrency: [],
  version: [],
  limits: [],
  garbage: [],
  compilation: [],
  oci: ['errors', 'limits'],
  content: ['oci', 'limiter'],
  policy: ['content'],
  yaml: ['policy', 'garbage'],
  transport: ['oci', 'garbage', 'limiter'],
  credentials: ['transport', 'log'],
  registry: ['transport', 'content', 'limiter', 'concurrency', 'log'],
  compression: ['oci'],
  tar: ['oci'],
  disk: ['content', 'compression', 'tar'],
  rootfs: ['compression', 'tar', 'log'],
  compare: ['content', 'compression', 'tar'],
  transfer: ['content', 'limiter', 'log'],
  notary: ['transport', 'log'],
  access: ['credentials', 'limiter', 'concurrency'],
  signing: ['policy', 'registry', 'log'],
  request: ['policy', 'transport', 'compression'],
  process: ['request', 'transfer', 'transport', 'version', 'compilation'],
  get: ['policy', 'registry', 'disk', 'rootfs', 'transfer', 'request'],
  put: ['policy', 'access', 'registry', 'disk', 'transfer', 'request', 'promotion', 'compare', 'signing'],
  command: ['put', 'policy', 'notary', 'signing', 'access', 'get', 'disk', 'process'],
  promotion: ['policy', 'yaml', 'access', 'registry', 'signing', 'transfer', 'disk', 'compilation'],
  cli: ['promotion', 'compare', 'process', 'command'],
  program: ['command', 'cli'],
  main: ['program'],
};

const lineLimit = 250;
const emptyNames = ['utils', 'helpers', 'common', 'types'];

/** What a file's text imports, as written: static, for types only, for effects only, and on demand. */
export function importsOf(text: string): string[] {
  const statements = /^\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?\s*(['"])(.+?)\1/gm;
  const calls = /\b(?:import|require)\s*\(\s*(['"`])(.+?)\1/g;
  return [...text.matchAll(statements), ...text.matchAll(calls)].map((match) => match[2] ?? '');
}

function partOf(path: string): string {
  return (path.split('/')[0] ?? path).replace(/\.ts$/, '');
}

function reachable(part: string): Set<string> {
  const found = new Set([part]);
  for (const next of found) {
    for (const target of arrows[next] ?? []) {
      found.add(target);
    }
  }
  return found;
}

function localImports(tree: SourceTree, path: string): string[] {
  return importsOf(tree.get(path) ?? '')
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(path), specifier));
}

/** Imports that go against the arrows, or to what is not a source file. */
export function forbiddenImports(tree: SourceTree): string[] {
  const problems: string[] = [];
  for (const path of tree.keys()) {
    const part = partOf(path);
    if (!arrows[part]) {
      problems.push(`${path}: ${part} has no place among the arrows`);
    }
    const allowed = reachable(part);
    for (const target of localImports(tree, path)) {
      if (!tree.has(target)) {
        problems.push(`${path} imports ${target}, which is not a source file`);
      } else if (!allowed.has(partOf(target))) {
        problems.push(`${path} imports ${target}: ${part} may not know ${partOf(target)}`);
      }
    }
  }
  return problems;
}

/** Every cycle of imports once, from whichever of its files comes first. Imports of types count. */
export function cycles(tree: SourceTree): string[] {
  const problems: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) {
      problems.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    } else if (!finished.has(path)) {
      for (const target of localImports(tree, path)) {
        visit(target, [...trail, path]);
      }
      finished.add(path);
    }
  };
  for (const path of tree.keys()) {
    visit(path, []);
  }
  return problems;
}

/** The files that may speak HTTP and TLS, in the room of the transport. */
const httpSpeakers = ['connections', 'exchange', 'node-http-client', 'request-body'];

/** What only few files may do: speak HTTP, end the process. */
export function strayPrivileges(tree: SourceTree): string[] {
  const problems: string[] = [];
  for (const [path, text] of tree) {
    const speaksHttp = importsOf(text).some((name) => /^(node:)?https?2?$/.test(name));
    if (speaksHttp && !httpSpeakers.some((name) => path === `transport/${name}.ts`)) {
      problems.push(`${path} speaks HTTP: only ${httpSpeakers.join(', ')} do`);
    }
    if (/\bprocess\s*\.\s*(exit|exitCode|abort|kill|reallyExit)\b/.test(text) && path !== 'main.ts') {
      problems.push(`${path} ends the process: only main.ts does`);
    }
  }
  return problems;
}

/** Files that are too long, have a name that says nothing, or do not open with one line of comment. */
export function shapelessFiles(tree: SourceTree): string[] {
  const problems: string[] = [];
  for (const [path, text] of tree) {
    const lines = text.trimEnd().split('\n');
    if (lines.length > lineLimit) {
      problems.push(`${path} has ${lines.length} lines: more than ${lineLimit} are two ideas`);
    }
    if (emptyNames.includes(posix.basename(path, '.ts'))) {
      problems.push(`${path} is named after no idea`);
    }
    if (!/^\/\/ \S/.test(lines[0] ?? '') || /^\s*(\/\/|\/\*(?!\*))/.test(lines[1] ?? '')) {
      problems.push(`${path} does not open with one line of comment`);
    }
  }
  return problems;
}
