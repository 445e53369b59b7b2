// What runs when the executable is started under the name of none of its programs.
import { overviewCommand } from '../process/command-line.ts';
import { type Program, programOf } from '../process/program.ts';

/** Prints how to use the programs if the first argument is `--help`; anything else is not a command. */
export const start: Program = programOf('pipeline', overviewCommand);
