// What is wrong with the arguments of registry-image, and what to write instead.
import type { CommanderError, Command as Program } from 'commander';
import { UserError } from '../errors.ts';

/** The error of the library as one with a hint: what was probably meant, and where the arguments are explained. */
export function wrongArguments(
  { code, message }: CommanderError,
  words: readonly string[],
  program: Program,
): UserError {
  const [name] = words;
  const command = program.commands.find((each) => each.name() === name);
  const help = `see registry-image ${command ? `${name} ` : ''}--help`;
  if (code === 'commander.help') {
    return new UserError('no command is given', { hint: help });
  }
  const [problem = '', suggestion] = message.replace(/^error: /, '').split(/\n\((.*)\)$/);
  const meant =
    otherOwners(problem, program) ??
    suggestion?.replace(/^D/, 'd') ??
    (command && misplacedWord(code, words, command));
  return new UserError(problem, { hint: meant === undefined ? help : `${meant} ${help}` });
}

/** Which commands have the option that this one does not have. A nearest option of this one would mislead then. */
function otherOwners(problem: string, { commands }: Program): string | undefined {
  const [, flag] = /^unknown option '(--[^'=]+)/.exec(problem) ?? [];
  const owners = commands.filter(({ options }) => options.some(({ long }) => long === flag));
  const names = owners.map((owner) => owner.name()).join(', ');
  return flag === undefined || names === '' ? undefined : `${flag} is an option of ${names};`;
}

/** A manifest without its option, or an argument that an option with an optional value has taken. */
function misplacedWord(code: string, words: readonly string[], { options }: Program): string | undefined {
  if (code === 'commander.excessArguments' && options.some(({ long }) => long === '--manifest')) {
    return 'name manifests with --manifest FILE or --thin-manifest-dir DIRECTORY;';
  }
  const greedy = options.find(({ optional, long }) => optional && words.includes(long ?? ''));
  return code === 'commander.missingArgument' && greedy
    ? `${greedy.long} takes the word after it as its value: write it last, or ${greedy.long}=VALUE;`
    : undefined;
}
