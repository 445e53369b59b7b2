// The commands of registry-image that look at images and repositories: their arguments and options.
import type { Command as Program } from 'commander';
import type { Define } from './cli-context.ts';
import { withManifestOptions, withRegistryOptions } from './shared-options.ts';

/** Adds the commands to the program. */
export function defineImageCommands(program: Program, define: Define): void {
  define(
    withRegistryOptions(
      withManifestOptions(
        program
          .command('snapshot')
          .description('list what repositories hold: names, digests and tags')
          .argument('[repository...]', 'host/path/name; with a slash at the end, all repositories below it')
          .option('--output <format>', 'yaml, csv or json', 'yaml')
          .option('--minimal', 'leave out manifests without a tag that are children of an index')
          .option('--tag <pattern>', 'only tags that match this RE2 pattern')
          .option('--from-manifests <destination>', 'what manifests promote there, without any request'),
      ),
    ),
    async () => (await import('./snapshot-command.ts')).runSnapshot,
  );
  define(
    withRegistryOptions(
      program
        .command('cleanup')
        .description('delete old temporary tags of a repository; a dry run without --confirm')
        .argument('<repository>', 'host/path/name')
        .option('--pattern <pattern>', 'required: only tags that match this RE2 pattern')
        .option('--older-than <duration>', 'required: the least age, such as 90m, 24h or 7d')
        .option('--keep <count>', 'so many of the newest matching tags stay whatever their age', '0')
        .option(
          '--time-in-tag',
          'the age is that of the time in the tag (YYYYMMDDHHMM), not that of the image',
        )
        .option('--confirm', 'delete them'),
    ),
    async () => (await import('./cleanup-command.ts')).runCleanup,
  );
  define(
    withRegistryOptions(
      program
        .command('ls')
        .description('list the tags of a repository')
        .argument('<repository>', 'host/path/name'),
    ),
    async () => (await import('./ls-command.ts')).runLs,
  );
  define(
    withRegistryOptions(
      program
        .command('compare')
        .description('compare two images: config, layers, packages and files')
        .argument('<a>', 'host/path/name:tag, a digest, oci:DIRECTORY or docker-archive:FILE')
        .argument('<b>', 'as the first')
        .option('--times', 'count times of creation and of modification'),
    ),
    async () => (await import('./compare-command.ts')).runCompare,
  );
}
