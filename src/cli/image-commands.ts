// The commands of registry-image that look at images and repositories: their arguments and options.
import type { Define } from './cli-context.ts';
import {
  repeatedOption,
  withManifestOptions,
  withRegistryOptions,
  withSignOptions,
} from './shared-options.ts';

/** Defines the commands. */
export function defineImageCommands(define: Define): void {
  define(
    'copy',
    (command) =>
      withRegistryOptions(
        withSignOptions(
          command
            .description('copy one image, with its signatures and referrers, to one or several places')
            .argument(
              '<source>',
              'host/path/name:tag, host/path/name@sha256:…, oci:DIRECTORY[:NAME] or docker-archive:FILE',
            )
            .argument('<destination...>', 'host/path/name, with or without a tag, oci:… or docker-archive:…')
            .addOption(repeatedOption('--tag <tag>', 'a further tag at every destination'))
            .option(
              '--platform <platform>',
              'the image of an index that a tarball gets; by default that of this machine',
            )
            .option('--no-referrers', 'do not copy signatures, attestations and SBOMs'),
        ),
      ),
    async () => (await import('./copy-command.ts')).runCopy,
  );
  define(
    'snapshot',
    (command) =>
      withRegistryOptions(
        withManifestOptions(
          command
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
    'cleanup',
    (command) =>
      withRegistryOptions(
        command
          .description('delete old temporary tags of a repository; a dry run without --confirm')
          .usage('<repository> --pattern <pattern> --older-than <duration> [options]')
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
    'ls',
    (command) =>
      withRegistryOptions(
        command.description('list the tags of a repository').argument('<repository>', 'host/path/name'),
      ),
    async () => (await import('./ls-command.ts')).runLs,
  );
  define(
    'inspect',
    (command) =>
      withRegistryOptions(
        command
          .description('show an image as a tree: children of an index, signatures and referrers, sizes')
          .argument('<image>', 'host/path/name:tag or host/path/name@sha256:…')
          .option('--no-referrers', 'leave out signatures, attestations and SBOMs'),
      ),
    async () => (await import('./inspect-command.ts')).runInspect,
  );
  define(
    'compare',
    (command) =>
      withRegistryOptions(
        command
          .description('compare two images: config, layers, packages and files')
          .argument(
            '<a>',
            'host/path/name:tag, host/path/name@sha256:…, oci:DIRECTORY[:NAME] or docker-archive:FILE',
          )
          .argument('<b>', 'as the first')
          .option('--times', 'count times of creation and of modification'),
      ),
    async () => (await import('./compare-command.ts')).runCompare,
  );
}
