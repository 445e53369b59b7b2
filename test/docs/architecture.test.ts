// The drawing of the house is the one that the architecture test enforces.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { arrows } from '../architecture/rules.ts';
import { repositoryRoot } from '../support/run.ts';
import { codeBlocks, inlineCode, readPage } from './pages.ts';

const page = readPage('docs/architecture.md');
const entries = readdirSync(join(repositoryRoot, 'src'), { withFileTypes: true });
const rooms = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);

it('names every room of the sources in its table, and no other', () => {
  const named = [...page.text.matchAll(/^\| `src\/([\w-]+)` \|/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual(rooms.sort());
});

it('lists every file beside the rooms', () => {
  const [tree] = codeBlocks(page);
  expect(files.filter((name) => !tree?.text.includes(name))).toEqual([]);
});

it('draws exactly the arrows between rooms that the architecture test allows', () => {
  const drawing = codeBlocks(page).find(({ text }) => text.startsWith('graph'))?.text ?? '';
  const drawn = [...drawing.matchAll(/^ +(\w+) --> (\w+)$/gm)].map(([, from, to]) => `${from} → ${to}`);
  const allowed = Object.entries(arrows).flatMap(([from, targets]) =>
    targets.filter((to) => rooms.includes(from) && rooms.includes(to)).map((to) => `${from} → ${to}`),
  );
  expect(drawn.sort()).toEqual(allowed.sort());
});

it('says of at least twenty rules in which file each lives', () => {
  const paths = inlineCode(page).filter((code) => /^src\/[\w-]+\/[\w-]+\.ts$/.test(code));
  expect(new Set(paths).size).toBeGreaterThanOrEqual(20);
});
