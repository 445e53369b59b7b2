// The commit of a file in a checkout: branches, packed branches, detached commits, worktrees and submodules.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { committedFile } from '../../src/promotion/git-commit.ts';
import { runProgram } from '../support/child-process.ts';
import { findProgram } from '../support/services.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const commit = 'a'.repeat(40);
const other = 'b'.repeat(40);
const file = 'checkout/manifests/app/promoter-manifest.yaml';

async function committed(files: Readonly<Record<string, string>>) {
  const folder = await temporaryDirectory();
  for (const [path, content] of Object.entries({ [file]: '', ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return await committedFile(join(folder, file));
}

const path = 'manifests/app/promoter-manifest.yaml';
const git = 'checkout/.git';

it.each<[string, Record<string, string>]>([
  ['a branch', { [`${git}/HEAD`]: 'ref: refs/heads/main\n', [`${git}/refs/heads/main`]: `${commit}\n` }],
  [
    'a branch with a slash',
    { [`${git}/HEAD`]: 'ref: refs/heads/team/a\n', [`${git}/refs/heads/team/a`]: `${commit}\n` },
  ],
  [
    'a packed branch',
    {
      [`${git}/HEAD`]: 'ref: refs/heads/main\n',
      [`${git}/packed-refs`]: `# pack-refs with: peeled\n${other} refs/heads/not/refs/heads/main2\n${commit} refs/heads/main\n^${other}\n`,
    },
  ],
  [
    'a branch that has moved since it was packed',
    {
      [`${git}/HEAD`]: 'ref: refs/heads/main\n',
      [`${git}/refs/heads/main`]: `${commit}\n`,
      [`${git}/packed-refs`]: `${other} refs/heads/main\n`,
    },
  ],
  ['a detached commit, as the git resource checks out', { [`${git}/HEAD`]: `${commit}\n` }],
  [
    'another worktree',
    {
      [git]: 'gitdir: ../main/.git/worktrees/checkout\n',
      'main/.git/HEAD': `${other}\n`,
      'main/.git/worktrees/checkout/HEAD': 'ref: refs/heads/main\n',
      'main/.git/worktrees/checkout/commondir': '../..\n',
      'main/.git/refs/heads/main': `${commit}\n`,
    },
  ],
  [
    'a submodule',
    { [git]: 'gitdir: ../.git/modules/a\n', '.git/HEAD': other, '.git/modules/a/HEAD': commit },
  ],
])('of %s', async (_, files) => {
  expect(await committed(files)).toEqual({ path, commit });
});

it('with SHA-256', async () => {
  const long = 'c'.repeat(64);
  expect(await committed({ [`${git}/HEAD`]: `${long}\n` })).toEqual({ path, commit: long });
});

describe('is unknown', () => {
  it.each<[string, Record<string, string>]>([
    ['for a branch without a commit', { [`${git}/HEAD`]: 'ref: refs/heads/main\n' }],
    ['for a format of refs in one file (reftable)', { [`${git}/HEAD`]: 'ref: refs/heads/.invalid\n' }],
    [
      'for refs that name each other',
      { [`${git}/HEAD`]: 'ref: refs/a\n', [`${git}/refs/a`]: 'ref: refs/a\n' },
    ],
    ['for a HEAD that is something else', { [`${git}/HEAD`]: 'main\n' }],
    [
      'for a ref outside of the folder',
      { [`${git}/HEAD`]: 'ref: refs/../../secret\n', 'checkout/secret': commit },
    ],
    ['for a .git that points nowhere', { [git]: 'gitdir: /nonexistent\n' }],
    ['for a .git that is no file of git', { [git]: 'hello\n' }],
  ])('%s', async (_, files) => {
    expect(await committed(files)).toBeUndefined();
  });
});

const program = findProgram('git');

it.skipIf(program === undefined)('is what git itself says', async () => {
  const folder = await temporaryDirectory();
  const run = async (...args: readonly string[]) => {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
    const environment = { HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
    return await runProgram(program ?? '', ['-C', folder, ...identity, ...args], { environment });
  };
  await run('init');
  await mkdir(join(folder, 'images'));
  await writeFile(join(folder, 'images', 'images.yaml'), '[]');
  await run('add', '.');
  await run('commit', '-m', 'one');
  const said = (await run('rev-parse', 'HEAD')).stdout.trim();
  const found = { path: 'images/images.yaml', commit: said };
  expect(said).toMatch(/^[\da-f]{40}$/);
  expect(await committedFile(join(folder, 'images', 'images.yaml'))).toEqual(found);
  await run('pack-refs', '--all');
  expect(await committedFile(join(folder, 'images', 'images.yaml'))).toEqual(found);
});
