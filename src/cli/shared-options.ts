// Options that several commands of registry-image have.
import { Option, type Command as Program } from 'commander';
import { type Pattern, requirePattern } from '../policy/pattern.ts';

/** An option that may be given several times; its value is a list, empty without it. */
export function repeatedOption(flags: string, description: string): Option {
  return new Option(flags, `${description}; may be given several times`)
    .argParser((value: string, others: readonly string[]) => [...others, value])
    .default([], 'none');
}

/** Adds the options of a command with an answer. */
export function withAnswerOptions(command: Program): Program {
  return command.option('--json', 'print one JSON document instead of text for people');
}

/** Adds the option of a command that can write a report page. */
export function withReportOption(command: Program): Program {
  return command.option(
    '--report <file>',
    'also write what happened as a page for browsers; its name ends with .html',
  );
}

/** Adds the options of a command that sends requests. */
export function withRegistryOptions(command: Program): Program {
  return withAnswerOptions(command)
    .option('--config <file>', 'the settings file; by default the one that REGISTRY_IMAGE_CONFIG names')
    .option('--debug', 'log in detail');
}

/** Adds the options of a command that reads promotion manifests. */
export function withManifestOptions(command: Program): Program {
  return command
    .option('--manifest <file>', 'a plain promotion manifest')
    .option('--thin-manifest-dir <directory>', 'a directory of thin promotion manifests');
}

/** Adds the options of a command that can sign what it copies. */
export function withSignOptions(command: Program): Program {
  return command
    .option('--sign-key <file>', 'sign each image at its destination with this private key (PEM)')
    .option('--sign-format <format>', 'bundle, legacy or both; by default bundle')
    .option('--sign-fulcio-url <url>', 'sign without a key: the Fulcio that certifies an identity')
    .option('--sign-rekor-url <url>', 'the Rekor that logs the signatures')
    .option('--sign-timestamp-url <url>', 'the timestamp authority that says when they were made')
    .option('--sign-identity-token <file>', 'the identity token; by default from the environment of the CI');
}

/** Adds the options of a command that carries out a plan. */
export function withCarryOutOptions(command: Program): Program {
  return withSignOptions(withReportOption(command))
    .option('--allow-lost', 'do not count images that no registry holds as a failure')
    .option('--all', 'list what needs nothing, too')
    .option('--no-referrers', 'do not copy signatures, attestations and SBOMs')
    .option(
      '--shard <i/n>',
      'only part i of n, counted from 0; by default by JOB_COMPLETION_INDEX and SHARD_COUNT, or CLOUD_RUN_TASK_INDEX and CLOUD_RUN_TASK_COUNT',
    );
}

/** Adds the options of a command that plans promotions. */
export function withPlanningOptions(command: Program): Program {
  return withCarryOutOptions(command)
    .option('--confirm', 'carry the plan out')
    .option('--out <file>', 'save the plan, for apply')
    .option(
      '--allow-tag-moves [pattern]',
      'move tags that are on another digest, all or those whose "name:tag" matches this RE2 pattern',
    )
    .option('--strict', 'copy nothing at all when anything is lost, may not move, or cannot be read');
}

/** The RE2 pattern of an option; undefined without the option. Throws a UserError for an empty or invalid one. */
export function optionalPattern(text: string | undefined, option: string): Pattern | undefined {
  return text === undefined ? undefined : requirePattern(text, option);
}
