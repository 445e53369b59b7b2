// `npm ci` prints no warnings: no package is deprecated, and all work with the Node that is installed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { satisfies } from 'semver';
import { expect, it } from 'vitest';
import { repositoryRoot } from '../support/run.ts';

interface LockedPackage {
  readonly version?: string;
  readonly deprecated?: string;
  readonly engines?: Readonly<Record<string, string>>;
}

const read = (name: string) => readFileSync(join(repositoryRoot, name), 'utf8');
const packages = Object.entries(
  (JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages,
).filter(([path]) => path !== '');

it('finds the packages', () => expect(packages.length).toBeGreaterThan(100));

it('no locked package is deprecated', () => {
  expect(packages.filter(([, { deprecated }]) => deprecated !== undefined)).toEqual([]);
});

it('every locked package supports the Node that npm ci installs', () => {
  const installed = packages.filter(([path]) => /\/node-(linux|bin-darwin)-(x64|arm64)$/.test(path));
  expect(installed).toHaveLength(3);
  const unsupported = installed.flatMap(([, { version = '' }]) =>
    packages.filter(([, { engines }]) => engines?.node !== undefined && !satisfies(version, engines.node)),
  );
  expect(unsupported).toEqual([]);
});

it('npm does not warn of packages that do not support the Node that it runs on itself', () => {
  expect(read('.npmrc')).toMatch(/^loglevel=error$/m);
});
