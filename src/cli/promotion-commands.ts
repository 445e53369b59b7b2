// The commands of registry-image that work by promotion manifests and plans: their arguments and options.
import type { Define } from './cli-context.ts';
import {
  withAnswerOptions,
  withCarryOutOptions,
  withManifestOptions,
  withPlanningOptions,
  withRegistryOptions,
  withReportOption,
} from './shared-options.ts';

/** Defines the commands. */
export function definePromotionCommands(define: Define): void {
  define(
    'validate',
    (command) =>
      withAnswerOptions(
        command
          .description('check promotion manifests without any request')
          .argument('<path...>', 'plain manifests, and directories of thin ones'),
      ),
    async () => (await import('./validate-command.ts')).runValidate,
  );
  define(
    'promote',
    (command) =>
      withRegistryOptions(
        withPlanningOptions(
          withManifestOptions(
            command
              .usage('(--manifest <file> | --thin-manifest-dir <directory>) [options]')
              .description(
                'copy what promotion manifests say to its destinations; a dry run without --confirm',
              ),
          ),
        ).option('--only <pattern>', 'only images whose name matches this RE2 pattern'),
      ),
    async () => (await import('./promote-command.ts')).runPromote,
  );
  define(
    'mirror',
    (command) =>
      withRegistryOptions(
        withPlanningOptions(
          command
            .description('copy what a list says, also one of another tool; a dry run without --confirm')
            .argument('<file>', 'the list; its format is recognised by its keys'),
        )
          .option('--to <prefix>', 'the destination of images that have none in the list: host, or host/path')
          .option('--scoped', 'with --to: keep the whole name of each source, not its last part only'),
      ),
    async () => (await import('./mirror-command.ts')).runMirror,
  );
  define(
    'apply',
    (command) =>
      withRegistryOptions(
        withCarryOutOptions(
          command
            .description('carry out a plan that promote --out has saved')
            .argument('<plan>', 'the file with the plan'),
        ),
      ),
    async () => (await import('./apply-command.ts')).runApply,
  );
  define(
    'diff',
    (command) =>
      withAnswerOptions(
        withReportOption(
          command
            .description('compare two states of promotion manifests without any request')
            .argument('<old>', 'a plain manifest, or a directory of thin ones')
            .argument('<new>', 'the same afterwards')
            .option(
              '--forbid <changes>',
              'exit with 1 for such changes: added, removed, moved; several with commas',
            ),
        ),
      ),
    async () => (await import('./diff-command.ts')).runDiff,
  );
  define(
    'audit',
    (command) =>
      withRegistryOptions(
        withReportOption(
          withManifestOptions(
            command
              .usage('(--manifest <file> | --thin-manifest-dir <directory>) [options]')
              .description('compare what destinations hold with what promotion manifests say'),
          ),
        ).option(
          '--ignore <pattern>',
          'leave out differences whose "host/path/name:tag", or "@digest", matches this RE2 pattern',
        ),
      ),
    async () => (await import('./audit-command.ts')).runAudit,
  );
}
