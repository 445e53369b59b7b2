// The Markdown pages of the repository, and what tests ask of them: headings, links, code.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../support/run.ts';

/** A page; `path` is relative to the root of the repository. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** A link to another page, a file or a heading. */
export interface Link {
  /** As written: `docs/get.md#platform`. */
  readonly target: string;
  readonly line: number;
}

/** The pages at the root, in docs/ and in docs/examples/. */
export function allPages(): Page[] {
  return ['.', 'docs', 'docs/examples'].flatMap((folder) =>
    readdirSync(join(repositoryRoot, folder))
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => readPage(folder === '.' ? name : `${folder}/${name}`)),
  );
}

/** One page. */
export function readPage(path: string): Page {
  return { path, text: readFileSync(join(repositoryRoot, path), 'utf8') };
}

/** The blocks of code of a page, in order. */
export function codeBlocks({ text }: Page): CodeBlock[] {
  const blocks = text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm);
  return [...blocks].map(([, , language = '', code = '']) => ({ language, text: code }));
}

/** A page without its blocks of code, line by line: those are empty. */
export function proseLines({ text }: Page): string[] {
  let isCode = false;
  return text.split('\n').map((line) => {
    const isFence = line.trimStart().startsWith('```');
    isCode = isFence ? !isCode : isCode;
    return isCode || isFence ? '' : line;
  });
}

/** The anchors of the headings of a page, as on GitHub. */
export function anchors(page: Page): string[] {
  const seen = new Map<string, number>();
  return proseLines(page).flatMap((line) => {
    const [, heading] = /^#{1,6} (.+)$/.exec(line) ?? [];
    if (heading === undefined) {
      return [];
    }
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return [count === 0 ? slug : `${slug}-${count}`];
  });
}

/** The links of a page that do not lead to other sites. */
export function internalLinks(page: Page): Link[] {
  return proseLines(page).flatMap((line, index) =>
    [...line.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => ({ target, line: index + 1 }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  );
}

/** What stands in code within the prose of a page. */
export function inlineCode(page: Page): string[] {
  return proseLines(page).flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}
