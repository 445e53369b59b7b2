// registry-image: its commands, their help and their arguments.
import { CommanderError, Command as Program } from 'commander';
import type { Command, CommandResult } from '../process/surroundings.ts';
import { version } from '../version.ts';
import type { Define, LoadCommand } from './cli-context.ts';
import { defineImageCommands } from './image-commands.ts';
import { definePromotionCommands } from './promotion-commands.ts';
import { defineResourceCommands } from './resource-commands.ts';
import { defineSigningCommands } from './signing-commands.ts';
import { refuseRepetition } from './single-options.ts';
import { wrongArguments } from './wrong-arguments.ts';

/** What the help of every command ends with. */
const exitStatus = `
Exit status:
  0         done, or nothing to do
  2         differences, or changes pending: a dry run with something to do
  1         an error, or something could not be done
  130, 143  interrupted by SIGINT or SIGTERM`;

/** Connects a command of the program with the code that runs it. */
export type AddAction = <Options extends object>(command: Program, load: LoadCommand<Options>) => void;

/**
 * What the program is made of, without running anything. When `name` is that of a command, the others are left out: describing all
 * of them takes longer than a request.
 */
export function createProgram(addAction: AddAction, name?: string): Program {
  const program = new Program('registry-image')
    .description('Copies, promotes, compares and cleans up container images in any OCI registry.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print how to use a command')
    .helpCommand('help [command]', 'print how to use a command')
    .exitOverride();
  const define: Define = (own, describe, load) => {
    if (name === undefined || name === own) {
      addAction(describe(program.command(own)), load);
    }
  };
  definePromotionCommands(define);
  defineImageCommands(define);
  defineSigningCommands(define);
  if (name !== undefined && program.commands.length === 0) {
    return createProgram(addAction);
  }
  for (const command of [program, ...program.commands]) {
    command.addHelpText('after', exitStatus);
    refuseRepetition(command);
  }
  if (name === undefined) {
    defineResourceCommands(program);
  }
  return program;
}

/** Runs the command that the arguments name. Help and version are output. */
export const runRegistryImage: Command = async (surroundings) => {
  let output = '';
  let result: CommandResult | undefined;
  const program = createProgram((command, load) => {
    command.action(async () => {
      const run = await load();
      result = await run({ args: command.args, options: command.opts(), surroundings });
    });
  }, surroundings.arguments[0]);
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      getOutHelpWidth: () => 100,
      writeOut: (text) => {
        output += text;
      },
      writeErr: () => {},
    });
  }
  try {
    await program.parseAsync([...surroundings.arguments], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    if (error.exitCode !== 0) {
      throw wrongArguments(
        error,
        surroundings.arguments,
        createProgram(() => {}),
      );
    }
  }
  return result ?? { output, code: 0 };
};
