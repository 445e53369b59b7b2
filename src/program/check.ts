// The program check.
import { runCheck } from '../command/check.ts';
import { withOptions } from '../process/command-line.ts';
import { type Program, programOf } from '../process/program.ts';

/** Runs check to its end. */
export const start: Program = programOf('pipeline', withOptions('check', runCheck));
