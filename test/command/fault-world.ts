// A registry with one image for one run of a command, with a fault: what the rows of docs/faults.md run in.
import { join } from 'node:path';
import { runCheck } from '../../src/command/check.ts';
import { runIn } from '../../src/command/in.ts';
import { runOut } from '../../src/command/out.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { FaultRule } from '../support/fault.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import type { RegistryOptions, TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

export type CommandName = 'check' | 'in' | 'out';

/** The repository that all commands use. */
export const repository = 'team/app';
/** A repository on the same registry, from which blobs can be mounted. */
export const origin = 'staging/app';

/** What a fault can be made of. */
export interface World {
  /** The registry that the command uses. */
  readonly registry: TestRegistry;
  /** A second server with the same image: a mirror, or the target of a redirect. */
  readonly other: TestRegistry;
  readonly image: Image;
}

/** What a fault changes for one command: rules of the server, and what the request has beside the usual. */
export interface Injection {
  readonly rules?: (world: World) => readonly FaultRule[];
  /** The server that has the fault; by default the registry. */
  readonly server?: 'registry' | 'other';
  readonly source?: (world: World) => object;
  readonly params?: (world: World) => object;
  readonly registry?: RegistryOptions;
  /** `shrunk` where a time limit must pass in real time. */
  readonly waits?: 'real' | 'shrunk';
}

/** How a command ended. */
export interface FaultRun {
  readonly world: World;
  readonly answer: string | undefined;
  readonly stderr: string;
  /** How often the log says that something is tried again or waited for. */
  readonly repeats: number;
  /** The time that passed on the clock of the test, in milliseconds. */
  readonly elapsed: number;
  readonly waits: readonly number[];
}

const commands = { check: runCheck, in: runIn, out: runOut };

/** Runs a command while its fault applies `times`; the mirror of a command is `other` where the fault is there. */
export async function runWithFault(
  command: CommandName,
  injection: Injection,
  times: number,
): Promise<FaultRun> {
  const image = await buildImage({ layers: command === 'out' ? [] : [[file('large', noise(3_000))]] });
  const world: World = {
    image,
    registry: await registryForTest(injection.registry),
    other: await registryForTest(),
  };
  // A put finds another image: it must upload all of its own, of which the config is the only blob.
  const stored = command === 'out' ? await buildImage({ run: { User: 'other' } }) : image;
  seed(world.registry, repository, '1.0.0', stored);
  seed(world.registry, repository, '2.0.0', stored);
  seed(world.registry, origin, '1.0.0', image);
  seed(world.other, repository, '1.0.0', stored);
  const server = world[injection.server ?? 'registry'];
  server.faults.add(...(injection.rules?.(world) ?? []).map((rule) => ({ times, ...rule })));
  const directory = await temporaryDirectory();
  if (command === 'out') {
    await writeOciLayout(join(directory, 'oci'), image, { singleImageDigest: true });
  }
  const clock = createFakeClock();
  const start = clock.now();
  const { answer, stderr } = await runCommand(commands[command], {
    request: {
      source: {
        repository: `${world.registry.host}/${repository}`,
        tag: '1.0.0',
        ...injection.source?.(world),
      },
      ...(command === 'in' ? { version: { tag: '1.0.0', digest: image.digest } } : {}),
      ...(command === 'check'
        ? {}
        : { params: { ...(command === 'out' ? { image: 'oci' } : {}), ...injection.params?.(world) } }),
    },
    ...(command === 'check' ? {} : { directory }),
    clock,
    waits: injection.waits ?? 'real',
  });
  return {
    world,
    answer,
    stderr,
    repeats: [...stderr.matchAll(/retrying in|waiting for it/g)].length,
    elapsed: clock.now() - start,
    waits: clock.waits,
  };
}

/** Bytes that gzip does not make shorter. */
function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (state * 48_271) % 2_147_483_647;
      return state & 0xff;
    }),
  );
}
