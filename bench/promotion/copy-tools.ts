// The commands by which registry-image and other tools copy an image between registries.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../test/support/run.ts';
import { areInstalled } from '../contenders.ts';

/** A tool, and the shell command by which it copies one reference to others. */
export interface CopyTool {
  readonly name: string;
  /** Whether it is what is built here. */
  readonly isOwn: boolean;
  copy(source: string, destinations: readonly string[]): string;
}

/** An executable registry-image that is built here. */
export interface OwnExecutable {
  readonly name: 'native' | 'node';
  readonly path: string;
}

/** registry-image, native and on Node, as far as they are built. */
export function ownExecutables(): OwnExecutable[] {
  const all: readonly OwnExecutable[] = [
    { name: 'native', path: join(repositoryRoot, 'dist', 'native', 'registry-image') },
    { name: 'node', path: join(repositoryRoot, 'bin', 'registry-image') },
  ];
  return all.filter(({ path }) => existsSync(path));
}

/** registry-image, and the peers that are on the PATH. */
export function copyTools(): CopyTool[] {
  return [
    ...ownExecutables().map(({ name, path }) => ({
      name,
      isOwn: true,
      copy: (source: string, destinations: readonly string[]) =>
        `exec ${path} copy ${source} ${destinations.join(' ')}`,
    })),
    ...peers
      .filter(({ name }) => areInstalled(name))
      .map(({ name, one }) => ({
        name,
        isOwn: false,
        copy: (source: string, destinations: readonly string[]) =>
          destinations.map((destination) => one(source, destination)).join(' && '),
      })),
  ];
}

const peers: readonly { name: string; one(source: string, destination: string): string }[] = [
  { name: 'crane', one: (source, destination) => `crane copy --insecure ${source} ${destination}` },
  {
    name: 'regctl',
    one: (source, destination) =>
      `regctl ${[source, destination].map((each) => `--host reg=${hostOf(each)},tls=disabled`).join(' ')} image copy ${source} ${destination}`,
  },
  {
    name: 'skopeo',
    one: (source, destination) =>
      `skopeo --insecure-policy copy --all --src-tls-verify=false --dest-tls-verify=false docker://${source} docker://${destination}`,
  },
  {
    name: 'oras',
    one: (source, destination) => `oras cp --from-plain-http --to-plain-http ${source} ${destination}`,
  },
];

function hostOf(reference: string): string {
  return reference.split('/', 1)[0] ?? '';
}
