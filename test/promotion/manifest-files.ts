// Writes manifests into a temporary directory, and reads them with problems as "file:line: message" relative to it.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ManifestProblem, PromotionManifest } from '../../src/promotion/promotion-manifest.ts';
import { locateManifests, readManifests } from '../../src/promotion/read-manifests.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A digest that is recognised by its number. */
export function digestNumber(number: number): `sha256:${string}` {
  return `sha256:${number.toString(16).padStart(64, '0')}`;
}

/** A new directory with these files by path. */
export async function writeFiles(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  return directory;
}

export interface TestReading {
  readonly manifests: readonly PromotionManifest[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** What is read below a directory. */
export async function readPath(directory: string, path = ''): Promise<TestReading> {
  const { manifests, errors, warnings } = await readManifests(await locateManifests(join(directory, path)));
  const line = ({ file, line: number, message }: ManifestProblem) =>
    `${file}:${number}: ${message}`.replaceAll(`${directory}/`, '').replaceAll(directory, '.');
  return { manifests, errors: errors.map(line), warnings: warnings.map(line) };
}

/** What is read from a plain manifest. */
export async function readPlain(text: string): Promise<TestReading> {
  const { manifests, errors, warnings } = await readPath(await writeFiles({ 'm.yaml': text }), 'm.yaml');
  const withoutFile = (problems: readonly string[]) =>
    problems.map((problem) => problem.replaceAll('m.yaml:', ''));
  return { manifests, errors: withoutFile(errors), warnings: withoutFile(warnings) };
}

/** The registries of a manifest in YAML: a source and destinations. */
export function registriesYaml(source: string, ...destinations: readonly string[]): string {
  const rest = destinations.map((name) => `- name: ${name}\n`).join('');
  return `registries:\n- name: ${source}\n  src: true\n${rest}`;
}
