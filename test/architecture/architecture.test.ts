// The house stays as it was drawn: the rules hold for the sources, and each of them catches what it is there for.
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  cycles,
  forbiddenImports,
  importsOf,
  type SourceTree,
  shapelessFiles,
  strayPrivileges,
} from './rules.ts';

function readSources(): SourceTree {
  const root = join(import.meta.dirname, '../../src');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  return new Map(
    files.sort().map((path) => [path.split(sep).join('/'), readFileSync(join(root, path), 'utf8')]),
  );
}

function tree(files: Record<string, string>): SourceTree {
  return new Map(Object.entries(files));
}

describe('the sources', () => {
  const sources = readSources();

  it('are found', () => {
    expect([...sources.keys()]).toEqual(expect.arrayContaining(['main.ts', 'oci/digest.ts']));
    expect(importsOf(sources.get('main.ts') ?? '')).toContain('./program/check.ts');
  });
  it('import one way only', () => expect(forbiddenImports(sources)).toEqual([]));
  it('have no cycles', () => expect(cycles(sources)).toEqual([]));
  it('leave HTTP and the end of the process to few files', () =>
    expect(strayPrivileges(sources)).toEqual([]));
  it('are small, named, and open with what they are', () => expect(shapelessFiles(sources)).toEqual([]));
});

describe('imports are read from', () => {
  it.each([
    ['a statement', `import { a } from './a.ts';`, './a.ts'],
    ['a statement over several lines', `import {\n  a,\n  type B,\n} from "./a.ts";`, './a.ts'],
    ['an import of types', `import type { A } from './a.ts';`, './a.ts'],
    ['a default and a namespace', `import a, * as b from './a.ts';`, './a.ts'],
    ['an import for its effects', `import './a.ts';`, './a.ts'],
    ['an export', `export { a } from './a.ts';`, './a.ts'],
    ['an export of everything', `export * from './a.ts';`, './a.ts'],
    ['a call', `const a = await import('./a.ts');`, './a.ts'],
    ['a type in a call', `type A = import('./a.ts').A;`, './a.ts'],
    ['a require', `const a = require('./a.ts');`, './a.ts'],
  ])('%s', (_, text, expected) => expect(importsOf(text)).toEqual([expected]));

  it.each([
    ['an exported text', `export const a = 'b';`],
    ['an array made from a text', `export const a = Array.from('b');`],
  ])('not from %s', (_, text) => expect(importsOf(text)).toEqual([]));
});

describe('an import is forbidden', () => {
  it.each([
    ['oci/digest.ts', '../transport/session.ts'],
    ['policy/pattern.ts', '../transport/session.ts'],
    ['transport/session.ts', '../registry/tag-list.ts'],
    ['transport/failure.ts', '../content/verified-content.ts'],
    ['transport/retrier.ts', '../log.ts'],
    ['registry/tag-list.ts', '../disk/oci-layout.ts'],
    ['disk/oci-layout.ts', '../rootfs/unpack.ts'],
    ['rootfs/unpack.ts', '../registry/tag-list.ts'],
    ['registry/tag-list.ts', '../credentials/credential-source.ts'],
    ['tar/reader.ts', '../compression/gzip.ts'],
    ['transfer/copy.ts', '../tar/reader.ts'],
    ['errors.ts', './oci/digest.ts'],
    ['command/check.ts', '../main.ts'],
  ])('from %s to %s', (path, specifier) => {
    const target = specifier.replace(/^\.+\//, '');
    expect(forbiddenImports(tree({ [path]: `import '${specifier}';`, [target]: '' }))).toHaveLength(1);
  });

  it('to a file that is not there, and from a folder that the plan does not have', () => {
    expect(forbiddenImports(tree({ 'oci/digest.ts': `import './gone.ts';` }))).toHaveLength(1);
    expect(forbiddenImports(tree({ 'plugins/digest.ts': '' }))).toHaveLength(1);
  });

  it('but not along the arrows', () => {
    const text = `import '../oci/digest.ts';\nimport '../tar/reader.ts';\nimport '../errors.ts';`;
    const files = { 'disk/oci-layout.ts': text, 'oci/digest.ts': '', 'tar/reader.ts': '', 'errors.ts': '' };
    expect(forbiddenImports(tree(files))).toEqual([]);
  });
});

it('a cycle is found, also of types, and reported from its first file', () => {
  const files = {
    'oci/a.ts': `import './b.ts';`,
    'oci/b.ts': `import type { C } from './c.ts';`,
    'oci/c.ts': `import './b.ts';`,
  };
  expect(cycles(tree(files))).toEqual(['oci/b.ts → oci/c.ts → oci/b.ts']);
});

it('a diamond is no cycle', () => {
  const files = {
    'oci/a.ts': `import './b.ts';\nimport './c.ts';`,
    'oci/b.ts': `import './c.ts';`,
    'oci/c.ts': '',
  };
  expect(cycles(tree(files))).toEqual([]);
});

describe('a privilege is stray', () => {
  it.each([
    ['HTTP', `import { Agent } from 'node:http';`],
    ['HTTP over TLS', `import type { Agent } from 'node:https';`],
    ['the end of the process', 'process.exit(1);'],
    ['the exit code', 'process.exitCode = 1;'],
  ])('%s', (_, text) => expect(strayPrivileges(tree({ 'transport/session.ts': text }))).toHaveLength(1));
});

describe('a file is shapeless', () => {
  const comment = '// One idea.\n';
  it.each([
    ['that is too long', 'oci/digest.ts', comment + 'export {};\n'.repeat(250)],
    ['that is named after nothing', 'oci/utils.ts', `${comment}export {};\n`],
    ['without a comment', 'oci/digest.ts', 'export {};\n'],
    ['with a longer comment', 'oci/digest.ts', `${comment}// And another.\nexport {};\n`],
    ['with a block comment', 'oci/digest.ts', '/* One idea. */\nexport {};\n'],
  ])('%s', (_, path, text) => expect(shapelessFiles(tree({ [path]: text }))).toHaveLength(1));

  it('but not at the limit', () => {
    expect(shapelessFiles(tree({ 'oci/digest.ts': comment + 'export {};\n'.repeat(249) }))).toEqual([]);
  });
});
