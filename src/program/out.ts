// The program out.
import { runOut } from '../command/out.ts';
import { withOptions } from '../process/command-line.ts';
import { type Program, programOf } from '../process/program.ts';

/** Runs out to its end. */
export const start: Program = programOf('pipeline', withOptions('out', runOut));
