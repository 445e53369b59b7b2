// The places that state the version of the project agree.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { version as executableVersion } from '../../src/version.ts';
import { repositoryRoot } from '../support/run.ts';

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');
const { version } = JSON.parse(read('package.json'));
const changelog = read('CHANGELOG.md');

it('the newest release of the changelog is the version of package.json', () => {
  const [unreleased, newest] = [...changelog.matchAll(/^## \[([^\]]+)\]/gm)].map(([, name]) => name);
  expect([unreleased, newest]).toEqual(['Unreleased', version]);
});

it('the lockfile, the image and the executables have that version', () => {
  expect(JSON.parse(read('package-lock.json')).version).toBe(version);
  expect(executableVersion).toBe(version);
  expect(read('dockerfiles/Dockerfile')).toContain(`org.opencontainers.image.version="${version}"`);
});

it('the changelog has only the sections of Keep a Changelog', () => {
  const sections = [...changelog.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
  const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
  expect(sections.filter((name) => !known.includes(name ?? ''))).toEqual([]);
});
