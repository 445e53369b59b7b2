// The pages hold together: links and anchors lead somewhere, paths and scripts exist, tables stay readable.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markdownTables } from '../../scripts/markdown-tables.ts';
import { repositoryRoot } from '../support/run.ts';
import { allPages, anchors, codeBlocks, inlineCode, internalLinks, readPage } from './pages.ts';

const pages = allPages();
const packageJson = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));

/** Two lines of a table cell as wide as half a page. */
const longestCell = 110;

it('finds the pages', () => {
  expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/check.md']));
});

describe.each(pages)('$path', (page) => {
  it('links only to pages, files and headings that exist', () => {
    const broken = internalLinks(page).filter(({ target }) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page.path : posix.normalize(posix.join(dirname(page.path), path));
      if (!existsSync(join(repositoryRoot, file))) {
        return true;
      }
      return anchor !== undefined && !anchors(readPage(file)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names only paths of the repository that exist', () => {
    const code = [...inlineCode(page), ...codeBlocks(page).map(({ text }) => text)];
    const paths = code.flatMap((text) => [
      ...text.matchAll(/(?<![\w./-])(?:src|test|docs|scripts|bench|bin|dockerfiles|\.ci)\/[\w./-]*\w/g),
    ]);
    expect(paths.map(([path]) => path).filter((path) => !existsSync(join(repositoryRoot, path)))).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const scripts = [...page.text.matchAll(/npm run (?:-s )?([a-z][\w:]*)/g)].map(([, name = '']) => name);
    expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([]);
  });

  it('has tables whose rows are complete and whose cells stay below two lines', () => {
    for (const { header, rows, line } of markdownTables(page.text)) {
      for (const row of rows) {
        expect(row, `table in line ${line}: ${row[0]}`).toHaveLength(header.length);
        for (const cell of row) {
          expect(shownText(cell).length, `table in line ${line}: ${cell}`).toBeLessThanOrEqual(longestCell);
        }
      }
    }
  });
});

/** A cell as a reader sees it: without the targets of links. */
function shownText(cell: string): string {
  return cell.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

it('keeps the README below 150 lines', () => {
  expect(readPage('README.md').text.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

it('names every dependency in the README', () => {
  const { text } = readPage('README.md');
  const { dependencies, devDependencies, optionalDependencies } = packageJson;
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const isNamed = (name: string) =>
    text.includes(name.replace(/^@aws-sdk\//, '')) ||
    (name.startsWith('@types/') && text.includes('their types')) ||
    (name === '@biomejs/biome' && text.includes('biome')) ||
    (name.startsWith('@oven/bun-') && text.includes('@oven/bun-*')) ||
    (name.startsWith('node-') && text.includes('node-*'));
  expect(names.filter((name) => !isNamed(name))).toEqual([]);
});

it('lists every page in the README', () => {
  const { text } = readPage('README.md');
  expect(
    pages.map(({ path }) => path).filter((path) => path !== 'README.md' && !text.includes(path)),
  ).toEqual([]);
});

describe('anchors are those of GitHub', () => {
  it.each([
    ['## `rootfs`', 'rootfs'],
    ["## Docker's config.json", 'dockers-configjson'],
    ['## Where is …?', 'where-is-'],
    ['## [Unreleased]', 'unreleased'],
    ['### Which tags count', 'which-tags-count'],
  ])('%s', (heading, anchor) => expect(anchors({ path: '', text: heading })).toEqual([anchor]));

  it('numbers repeated headings', () => {
    expect(anchors({ path: '', text: '## A\n## A' })).toEqual(['a', 'a-1']);
  });
});
