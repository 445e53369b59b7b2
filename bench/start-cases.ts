// Cases without a registry: how long registry-image takes to start, and how large the container image is.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../test/support/run.ts';
import { type Case, shortRuns } from './case.ts';
import { installedTools, ownExecutables } from './contenders.ts';
import { type Goal, judge } from './goals.ts';
import type { Outcome } from './report.ts';

/** `registry-image --help`. */
export function helpCase(directory: string, runs: number): Case {
  return {
    title: 'registry-image --help',
    runs: shortRuns(runs),
    contenders: [
      ...ownExecutables().map(({ name, path }) => ({
        name,
        prepare: async () => ({ command: [path, '--help'], input: '/dev/null', environment: {} }),
      })),
      ...installedTools(
        directory,
        ['skopeo', 'crane', 'regctl', 'oras'].map((name) => ({
          name,
          needs: [name],
          script: `exec ${name} --help`,
        })),
      ),
    ],
    goals: [{ kind: 'value', own: 'native', figure: 'wall', bound: { atMost: 0.04 } }],
  };
}

/** The compressed size of the container image, if it is built. */
export function imageSize(): Outcome {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const archive = join(repositoryRoot, 'dist', 'image', architecture, 'registry-image', 'rootfs.tgz');
  const size = statSync(archive, { throwIfNoEntry: false })?.size;
  const name = 'image';
  const goals: readonly Goal[] = [{ kind: 'value', own: name, figure: 'size', bound: { atMost: 60e6 } }];
  const results = size === undefined ? [] : [{ name, measurements: [], counts: { size } }];
  return { title: 'container image, compressed', results, judgements: judge(goals, results) };
}
