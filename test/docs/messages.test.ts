// Each message that troubleshooting.md explains occurs in the sources, so that a search for it finds the page.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { markdownTables } from '../../scripts/markdown-tables.ts';
import { repositoryRoot } from '../support/run.ts';
import { readPage } from './pages.ts';

/** What registries and the operating system say; the sources know only its code, if that. */
const saidByOthers = ['UNAUTHORIZED', 'DENIED', 'NAME_UNKNOWN', 'MANIFEST_UNKNOWN', 'TOOMANYREQUESTS'];
const saidBySystem = 'ENOSPC: no space left on device';

/** All sources as one string; strings that are joined over several lines are one. */
const sources = ['src', 'bin', 'scripts']
  .flatMap((folder) =>
    readdirSync(join(repositoryRoot, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
  )
  .join('\n')
  .replace(/['"`] \+\n\s*['"`]/g, '')
  .replaceAll("\\'", "'");

const messages = markdownTables(readPage('docs/troubleshooting.md').text)
  .filter(({ header }) => /^the (log|output) says$/.test(header[0] ?? ''))
  .flatMap(({ rows }) => rows.map(([message = '']) => message));

it('finds the messages', () => expect(messages.length).toBeGreaterThan(30));

it.each(messages.filter((message) => message.includes('`')))('%s is a message of the sources', (cell) => {
  const [, message = ''] = /`([^`]+)`/.exec(cell) ?? [];
  if (saidByOthers.includes(message) || message === saidBySystem) {
    return;
  }
  const fragments = message
    .split('…')
    .flatMap((part) => part.split(': '))
    .map((part) => part.trim())
    .filter((part) => part.length > 2);
  expect(fragments.length).toBeGreaterThan(0);
  expect(fragments.filter((fragment) => !sources.includes(fragment))).toEqual([]);
});
