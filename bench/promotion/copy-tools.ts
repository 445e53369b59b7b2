// The commands by which registry-image and other tools copy an image between registries.
import { areInstalled, ownExecutables } from '../contenders.ts';

/** A tool, and the shell command by which it copies one reference to others. */
export interface CopyTool {
  readonly name: string;
  /** The name in lower case, for repositories and tags. */
  readonly id: string;
  copy(source: string, destinations: readonly string[]): string;
}

/** registry-image, and the peers that are on the PATH. */
export function copyTools(): CopyTool[] {
  return [
    ...ownExecutables().map(({ name, path }) => ({
      name,
      id: name.toLowerCase(),
      copy: (source: string, destinations: readonly string[]) =>
        `exec ${path} copy ${source} ${destinations.join(' ')}`,
    })),
    ...peers
      .filter(({ name }) => areInstalled(name))
      .map(({ name, one }) => ({
        name,
        id: name,
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

/** The names of all peers, found or not. */
export const peerNames: readonly string[] = peers.map(({ name }) => name);
