// Options that several commands of registry-image have.
import type { Command as Program } from 'commander';

/** Adds the options of a command with an answer. */
export function withAnswerOptions(command: Program): Program {
  return command.option('--json', 'print one JSON document instead of a table');
}

/** Adds the options of a command that sends requests. */
export function withRegistryOptions(command: Program): Program {
  return withAnswerOptions(command)
    .option('--config <file>', 'the settings file; by default the one that REGISTRY_IMAGE_CONFIG names')
    .option('--debug', 'log in detail');
}
