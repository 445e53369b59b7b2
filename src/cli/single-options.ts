// Options with one value are given once: of two values the first would be dropped without a word.
import type { Command as Program } from 'commander';

/**
 * Makes it an error of the command line to give an option with a value again, also with the same value. Options that collect
 * their values have a parser, and stay as they are; so do flags.
 */
export function refuseRepetition(command: Program): void {
  for (const option of command.options) {
    const takesValue = option.required || option.optional;
    if (!takesValue || option.parseArg) {
      continue;
    }
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) {
        command.error(`error: option '${option.flags}' is given more than once`);
      }
      isGiven = true;
    });
  }
}
