// The commands of registry-image that look at images and repositories: their arguments and options.
import type { Command as Program } from 'commander';
import type { Define } from './cli-context.ts';
import { withRegistryOptions } from './shared-options.ts';

/** Adds the commands to the program. */
export function defineImageCommands(program: Program, define: Define): void {
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
