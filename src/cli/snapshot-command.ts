// registry-image snapshot: what repositories hold, or what promotion manifests promote into a destination.
import { UserError } from '../errors.ts';
import type { CommandResult } from '../process/surroundings.ts';
import { snapshotOfDestination } from '../promotion/destination-snapshot.ts';
import { snapshotOfRegistries } from '../promotion/registry-snapshot.ts';
import { matchingSnapshot, type Snapshot } from '../promotion/snapshot.ts';
import { formatSnapshot, type SnapshotFormat, snapshotFormats } from '../promotion/snapshot-format.ts';
import {
  type CliCommand,
  type CliRun,
  openLog,
  type RegistryOptions,
  withRegistries,
} from './cli-context.ts';
import { type ManifestOptions, readNamedManifests } from './manifest-options.ts';
import { optionalPattern } from './shared-options.ts';

interface Options extends RegistryOptions, ManifestOptions {
  readonly output: string;
  readonly minimal?: boolean;
  readonly tag?: string;
  readonly fromManifests?: string;
}

/** Exits with 1 when a repository cannot be read; the snapshot has the others then, if there are any. */
export const runSnapshot: CliCommand<Options> = async (run) => {
  const { args, options } = run;
  const format = formatOf(options);
  const tags = optionalPattern(options.tag, '--tag');
  const { fromManifests } = options;
  if (fromManifests !== undefined) {
    if (args.length > 0) {
      throw new UserError('repositories and --from-manifests are both given: only one of them is possible');
    }
    const { log } = openLog(run);
    const whole = snapshotOfDestination(await readNamedManifests(options, log), fromManifests);
    return { output: written(tags ? matchingSnapshot(whole, tags) : whole, format), code: 0 };
  }
  if (options.manifest !== undefined || options.thinManifestDir !== undefined) {
    throw new UserError('manifests are given, but no destination of them', {
      hint: 'name it with --from-manifests',
    });
  }
  if (args.length === 0) {
    throw new UserError('no repository is given', {
      hint: 'name repositories, or with --from-manifests a destination of manifests',
    });
  }
  return await snapshotRegistries(run, { tags, minimal: options.minimal ?? false }, format);
};

async function snapshotRegistries(
  run: CliRun<Options>,
  what: Pick<Parameters<typeof snapshotOfRegistries>[1], 'tags' | 'minimal'>,
  format: SnapshotFormat,
): Promise<CommandResult> {
  return await withRegistries(run, async ({ registries, log }) => {
    const { signal } = run.surroundings;
    const { snapshot, failures, empty } = await snapshotOfRegistries(run.args, {
      registries,
      signal,
      ...what,
    });
    for (const name of empty) {
      log.warn(`${name} does not exist, or holds nothing that is asked for`);
    }
    for (const { name, reason } of failures) {
      const remedy = name.endsWith('/') ? '; name its repositories one by one instead' : '';
      log.error(`${name} cannot be read: ${reason}${remedy}`);
    }
    if (failures.length === 0) {
      return { output: written(snapshot, format), code: 0 };
    }
    // An empty document would state that there is nothing, where nothing could be read.
    return { output: snapshot.length > 0 ? written(snapshot, format) : '', code: 1 };
  });
}

function formatOf({ output, json }: Options): SnapshotFormat {
  const format = snapshotFormats.find((known) => known === output);
  if (format === undefined) {
    throw new UserError(`--output ${JSON.stringify(output)} is not known`, {
      hint: `write ${snapshotFormats.join(', ')}`,
    });
  }
  return json ? 'json' : format;
}

function written(snapshot: Snapshot, format: SnapshotFormat): string {
  return [...formatSnapshot(snapshot, format)].join('');
}
