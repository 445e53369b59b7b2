// The program in.
import { runIn } from '../command/in.ts';
import { withOptions } from '../process/command-line.ts';
import { type Program, programOf } from '../process/program.ts';

/** Runs in to its end. */
export const start: Program = programOf('pipeline', withOptions('in', runIn));
